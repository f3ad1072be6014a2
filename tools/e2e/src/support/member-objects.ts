import { randomUUID } from 'node:crypto';
import { waitFor } from '@biplane/testing';
import type { LedgerAdmin } from './member.js';
import type { Route } from './openapi.js';
import type { E2eStack } from './stack.js';
import type { CreatedTenant } from './tenants.js';

/** Ids by the segment of the path that they follow: `/api/v1/items/{id}` speaks of one of `items`. */
export type MemberObjects = Readonly<Record<string, string>>;

interface Made {
  readonly id: string;
}

/** One of each kind that the routes of members speak of, so that these are asked for what is really there. */
export async function memberObjects(
  { databases }: E2eStack,
  { deployment }: CreatedTenant,
  admin: LedgerAdmin,
): Promise<MemberObjects> {
  const ask = async <T>(status: number, method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await admin.send(method, path, body);
    if (answer.status === status) return answer.body as T;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  };
  const run = async (kind: string): Promise<string> => {
    const { id } = await ask<Made>(202, 'POST', '/api/v1/billing-runs', { kind });
    await waitFor(
      `the run ${id} of ${kind} to end`,
      async () => (await ask<{ state: string }>(200, 'GET', `/api/v1/billing-runs/${id}`)).state === 'succeeded',
      { deadlineMs: 60_000, everyMs: 50 },
    );
    return id;
  };
  const first = async (path: string): Promise<string> => {
    const { data } = await ask<{ data: readonly Made[] }>(200, 'GET', path);
    return data[0]!.id;
  };
  const guest = { email: `guest-${deployment.id}@guild.example`, role: 'member', name: 'Guest' };
  const { member } = await ask<{ member: Made }>(201, 'POST', '/api/v1/members', guest);
  await ask(201, 'POST', '/api/v1/products', { code: 'locker', name: 'Locker' });
  const wanted = {
    ...{ productCode: 'locker', description: 'Locker 12', price: { amount: '5.00', currency: 'USD' } },
    ...{ intervalMonths: 1, timeZone: 'Etc/UTC', startsOn: '2026-03-01', endsOn: '2026-04-01' },
  };
  const item = await ask<Made>(201, 'POST', `/api/v1/accounts/${admin.accountId}/items`, wanted);
  const billing = await run('billing');
  await run('statements');
  const [period, provider] = [randomUUID(), randomUUID()];
  // No run skips what the license allows, and a provider is asked before it is kept: these two are told to the database.
  await databases.query(
    deployment.database,
    `INSERT INTO item_period (item_id, period_from, period_to, id, state, amount_minor, run_id, reason, recorded_at)
     VALUES ($1, '2026-02-01Z', '2026-03-01Z', $2, 'skipped', 500, $3, 'LICENSE.SUSPENDED', '2026-03-01Z')`,
    [item.id, period, billing],
  );
  await databases.query(
    deployment.database,
    `INSERT INTO identity_provider (id, name, issuer, client_id, redirect_uris, enabled, created_at, updated_at)
     VALUES ($1, 'Staff', 'https://login.guild.example', 'biplane', '{https://guild.example/in}', true, now(), now())`,
    [provider],
  );
  return {
    members: member.id,
    accounts: admin.accountId,
    items: item.id,
    'billing-runs': billing,
    statements: await first(`/api/v1/accounts/${admin.accountId}/statements`),
    'skipped-periods': period,
    'identity-providers': provider,
    'api-keys': await first('/public/me/api-keys'),
  };
}

/** What the path of the route names by its id; null when it names nothing. A kind that is new here must be made above. */
export function objectOf({ path }: Route, objects: MemberObjects): string | null {
  const kind = /\/([\w-]+)\/\{id\}/.exec(path)?.[1];
  if (kind === undefined) return null;
  const id = objects[kind];
  if (id === undefined) throw new Error(`${path} speaks of ${kind}, and there is none to ask for`);
  return id;
}
