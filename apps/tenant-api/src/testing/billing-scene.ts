import { randomUUID } from 'node:crypto';
import type { LicenseClaims } from '@biplane/licensing';
import { waitFor } from '@biplane/testing';
import type { MemberClient, RunningHome, ServedDeployment } from './running-home.js';

const records = {
  meter: 'records', authority: 'data', aggregation: 'last', cap: '20000', window: null, strategy: 'hard_block', warnAt: [],
} as const; // prettier-ignore

/** A license with members, the ledger, and these features of its financials. */
export const licensedFor = (...features: string[]): Partial<LicenseClaims> => ({
  modules: {
    members: { features: ['records'], limits: [records] },
    financials: { features: ['ledger', ...features], limits: [] },
  },
  meters: { records: { authority: 'data', aggregation: 'last' } },
});

/** A tenant with a product and members who have an account in francs each. */
export async function billingScene(
  home: RunningHome,
  members: number,
  claims: Partial<LicenseClaims>,
): Promise<{ tenant: ServedDeployment; accounts: string[]; memberIds: string[] }> {
  const tenant = await home.deployment(claims);
  await tenant.admin.expect(201, 'POST', '/api/v1/products', { code: 'locker', name: 'Locker' });
  const [accounts, memberIds]: [string[], string[]] = [[], []];
  for (let index = 0; index < members; index += 1) {
    const body = { email: `${randomUUID()}@acme.example`, role: 'member' };
    const { member } = (await tenant.admin.expect(201, 'POST', '/api/v1/members', body)) as { member: { id: string } };
    const account = await tenant.admin.expect(201, 'POST', '/api/v1/accounts', {
      memberId: member.id,
      currency: 'CHF',
    });
    memberIds.push(member.id);
    accounts.push((account as { id: string }).id);
  }
  return { tenant, accounts, memberIds };
}

/** 31.00 a month. */
export const addItem = (by: MemberClient, account: string, startsOn = '2026-03-01'): Promise<unknown> =>
  by.expect(201, 'POST', `/api/v1/accounts/${account}/items`, {
    productCode: 'locker', description: 'Locker', price: { amount: '31.00', currency: 'CHF' }, intervalMonths: 1,
    timeZone: 'Europe/Zurich', startsOn,
  }); // prettier-ignore

export const requestRun = async (of: ServedDeployment, kind: 'billing' | 'statements'): Promise<string> =>
  ((await of.admin.expect(202, 'POST', '/api/v1/billing-runs', { kind })) as { id: string }).id;

export const endedRun = (of: ServedDeployment, id: string): Promise<{ done: number; skipped: number }> =>
  waitFor(
    'the run',
    async () => {
      const run = (await of.admin.expect(200, 'GET', `/api/v1/billing-runs/${id}`)) as {
        state: string; done: number; skipped: number;
      }; // prettier-ignore
      return run.state === 'succeeded' && run;
    },
    { deadlineMs: 60_000 },
  );

export const balanceOf = async (of: ServedDeployment, account: string): Promise<string> => {
  const body = await of.admin.expect(200, 'GET', `/api/v1/accounts/${account}/balance`);
  return (body as { balance: { amount: string } }).balance.amount;
};
