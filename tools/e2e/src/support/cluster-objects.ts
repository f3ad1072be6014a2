import type { TestCluster } from '@biplane/testing';

interface Kind {
  readonly name: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

interface Groups {
  readonly groups: readonly { readonly preferredVersion: { readonly groupVersion: string } }[];
}

interface Listed {
  readonly items?: readonly {
    readonly metadata: { readonly name: string };
    readonly data?: Readonly<Record<string, string>>;
  }[];
}

/** One list of each kind that the API server has. */
async function* everyList(cluster: TestCluster, query = ''): AsyncGenerator<Kind & { readonly list: Listed | null }> {
  const groups = await cluster.get<Groups>('/apis');
  const apis = ['/api/v1', ...(groups?.groups ?? []).map((group) => `/apis/${group.preferredVersion.groupVersion}`)];
  for (const api of apis) {
    const kinds = await cluster.get<{ readonly resources: readonly Kind[] }>(api);
    for (const kind of kinds?.resources ?? []) {
      if (!kind.verbs.includes('list')) continue;
      yield { ...kind, list: await cluster.get<Listed>(`${api}/${kind.name}${query}`) };
    }
  }
}

/** Every object of every kind that the API server lists, as text; what Secrets hold is opened as well. */
export async function textOfEveryObject(cluster: TestCluster): Promise<string[]> {
  const texts: string[] = [];
  for await (const { name, list } of everyList(cluster)) {
    texts.push(JSON.stringify(list));
    if (name === 'secrets') texts.push(...(list?.items ?? []).flatMap(opened));
  }
  return texts;
}

/** `Kind/name` of every object that has this label, whoever made it. */
export async function labelled(cluster: TestCluster, label: string, value: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { kind, list } of everyList(cluster, `?labelSelector=${encodeURIComponent(`${label}=${value}`)}`)) {
    found.push(...(list?.items ?? []).map(({ metadata }) => `${kind}/${metadata.name}`));
  }
  return found;
}

const opened = ({ data = {} }: { readonly data?: Readonly<Record<string, string>> }): string[] =>
  Object.values(data).map((value) => Buffer.from(value, 'base64').toString());
