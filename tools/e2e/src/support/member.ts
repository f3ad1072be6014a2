import { randomUUID } from 'node:crypto';
import { ServiceClient, type Answer } from '@biplane/testing';
import { REGION, type E2eStack } from './stack.js';
import type { CreatedTenant } from './tenants.js';

const PASSWORD = 'correct horse battery';

/** The first admin of a tenant, with an account in the ledger that owes something. */
export interface LedgerAdmin {
  readonly session: string;
  readonly apiKey: string;
  readonly accountId: string;
  send(method: string, path: string, body?: unknown): Promise<Answer>;
}

/** Takes the invite as a person would; the account is its own, so that ids of every kind exist. */
export async function openLedger(stack: E2eStack, { deployment, inviteToken }: CreatedTenant): Promise<LedgerAdmin> {
  // A member is no client: its token, where it has one, is a header like the others.
  const door = new ServiceClient(stack.file.tenantApi[REGION] as string, null);
  const send = (method: string, path: string, body?: unknown, token?: string): Promise<Answer> =>
    door.send(method, path, body, {
      'x-deployment-id': deployment.id,
      ...(method === 'POST' && { 'idempotency-key': randomUUID() }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    });
  const made = async <T>(path: string, body: unknown, token?: string): Promise<T> => {
    const { status, body: answer } = await send('POST', path, body, token);
    if (status !== 201) throw new Error(`POST ${path}: ${status} ${JSON.stringify(answer)}`);
    return answer as T;
  };
  const email = `admin-${deployment.id}@guild.example`;
  const invite = { token: inviteToken, email, name: 'Kim', password: PASSWORD };
  const { token: session } = await made<{ token: string }>('/public/invites/accept', invite);
  const { body: me } = await send('GET', '/public/me', undefined, session);
  const key = { name: 'books', scopes: ['financials:read', 'financials:write'] };
  const { token: apiKey } = await made<{ token: string }>('/public/me/api-keys', key, session);
  const account = { memberId: (me as { id: string }).id, currency: 'USD' };
  const { id: accountId } = await made<{ id: string }>('/api/v1/accounts', account, session);
  const booking = { kind: 'charge', amount: { amount: '12.50', currency: 'USD' }, description: 'Dues' };
  await made(`/api/v1/accounts/${accountId}/entries`, booking, session);
  return { session, apiKey, accountId, send: (method, path, body) => send(method, path, body, session) };
}
