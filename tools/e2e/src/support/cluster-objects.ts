import type { TestCluster } from '@biplane/testing';

interface Resources {
  readonly groupVersion: string;
  readonly resources: readonly { readonly name: string; readonly verbs: readonly string[] }[];
}

interface Groups {
  readonly groups: readonly { readonly preferredVersion: { readonly groupVersion: string } }[];
}

interface Listed {
  readonly items?: readonly { readonly data?: Readonly<Record<string, string>> }[];
}

/** Every object of every kind that the API server lists, as text; what Secrets hold is opened as well. */
export async function textOfEveryObject(cluster: TestCluster): Promise<string[]> {
  const groups = await cluster.get<Groups>('/apis');
  const apis = ['/api/v1', ...(groups?.groups ?? []).map((group) => `/apis/${group.preferredVersion.groupVersion}`)];
  const texts: string[] = [];
  for (const api of apis) {
    const kinds = await cluster.get<Resources>(api);
    for (const { name, verbs } of kinds?.resources ?? []) {
      if (!verbs.includes('list')) continue;
      const list = await cluster.get<Listed>(`${api}/${name}`);
      texts.push(JSON.stringify(list));
      if (name === 'secrets') texts.push(...(list?.items ?? []).flatMap(opened));
    }
  }
  return texts;
}

const opened = ({ data = {} }: { readonly data?: Readonly<Record<string, string>> }): string[] =>
  Object.values(data).map((value) => Buffer.from(value, 'base64').toString());
