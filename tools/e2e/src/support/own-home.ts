import { createHash } from 'node:crypto';
import { waitFor, type OwnHome, type TestCluster } from '@biplane/testing';
import { REGION, type E2eStack } from './stack.js';

const STARTS_MS = 120_000;

export const namespaceOf = (homeId: string): string => `t-${homeId.replaceAll('-', '')}`;

/** Where a ready pod of the home listens now; one that slept listens elsewhere when it wakes. */
export async function ownHome(stack: E2eStack, homeId: string): Promise<OwnHome> {
  const address = await waitFor(
    `a ready pod of home ${homeId}`,
    async () => (await stack.control.homeAddresses(homeId))[0],
    { deadlineMs: STARTS_MS, everyMs: 250 },
  );
  return stack.client.ownHome(REGION, address);
}

/** As the cluster returns them. */
export async function podsOf(cluster: TestCluster, homeId: string): Promise<string[]> {
  const path = `/api/v1/namespaces/${namespaceOf(homeId)}/pods`;
  const pods = await cluster.get<{ items: { metadata: { name: string } }[] }>(path);
  return (pods?.items ?? []).map(({ metadata }) => metadata.name);
}

interface ExportEnd {
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  readonly sha256: string;
}

/** What an export counted at its end; throws when what came before it is not what it counted. */
export async function wholeExport({ operator }: OwnHome, deploymentId: string): Promise<ExportEnd['tables']> {
  const text = String(await operator.expect(200, 'GET', `/api/v1/deployments/${deploymentId}/export`));
  const last = text.trimEnd().lastIndexOf('\n') + 1;
  const { end } = JSON.parse(text.slice(last)) as { end: ExportEnd };
  if (end.sha256 !== createHash('sha256').update(text.slice(0, last)).digest('hex')) throw new Error('It is not whole');
  const rows = text.split('\n').filter((line) => line.startsWith('{"table"')).length;
  const counted = end.tables.reduce((sum, table) => sum + table.rows, 0);
  if (rows !== counted) throw new Error(`It has ${rows} rows, and counted ${counted}`);
  return end.tables;
}
