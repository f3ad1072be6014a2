import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ServiceClient, sizeOfRun } from '@biplane/testing';
import { InvoicesRig } from '../../testing/invoices-rig.js';

let rig: InvoicesRig;

beforeAll(async () => {
  rig = await InvoicesRig.start(4);
});
afterAll(() => rig?.close());

interface Money {
  readonly amount: string;
  readonly currency: string;
}
interface Margin {
  readonly rows: { key: string | null; currency: string; revenue: Money; cost: Money; margin: Money }[];
  readonly totals: { currency: string; revenue: Money; cost: Money; margin: Money; unallocatedCost: Money }[];
}
interface Revenue {
  readonly currencies: Record<'invoiced' | 'credited' | 'revenue', Record<'net' | 'tax' | 'total', Money>>[];
}

const line = (over: Record<string, unknown> = {}) => ({
  provider: 'hetzner',
  lineId: randomUUID(),
  period: '2026-04',
  resourceKind: 'droplet_hours',
  amount: { amount: '12.34', currency: 'USD' },
  ...over,
});
const send = async (...lines: unknown[]) => {
  const answer = await rig.admin.expect(200, 'POST', '/api/v1/costs', { lines });
  return answer as {
    accepted: number;
    duplicates: number;
    rejected: number;
    results: { status: string; code?: string }[];
  };
};
const margin = async (by: string, period: string) =>
  (await rig.admin.expect(200, 'GET', `/api/v1/reports/margin?by=${by}&period=${period}`)) as Margin;
const revenue = async (period: string) =>
  (await rig.admin.expect(200, 'GET', `/api/v1/reports/revenue?period=${period}`)) as Revenue;
const cents = (text: string): bigint => BigInt(text.replace('.', ''));
const sum = (amounts: readonly Money[]): bigint => amounts.reduce((total, { amount }) => total + cents(amount), 0n);

describe('costs', () => {
  it('are imported once: the same line again is a duplicate, another content under its id is refused and changes nothing', async () => {
    const [one, two] = [line(), line()];
    expect(await send(one, two)).toMatchObject({ accepted: 2, duplicates: 0, rejected: 0 });
    expect(await send(one, { ...two, amount: { amount: '1.00', currency: 'USD' } }, line())).toMatchObject({
      accepted: 1, duplicates: 1, rejected: 1,
      results: [{ status: 'duplicate' }, { status: 'rejected', code: 'COST.ID_REUSED' }, { status: 'accepted' }],
    }); // prettier-ignore
    const listed = await rig.admin.expect(200, 'GET', '/api/v1/costs?period=2026-04&provider=hetzner');
    expect((listed as { data: { lineId: string; amount: Money }[] }).data).toContainEqual(
      expect.objectContaining({ lineId: two.lineId, amount: { amount: '12.34', currency: 'USD' } }),
    );
    await expect(rig.suite.postgres.query('UPDATE cost_line SET amount_minor = 0')).rejects.toThrow('does not change');
  });

  it('twice in one batch and in imports at once are one each', async () => {
    const lines = Array.from({ length: 50 }, () => line());
    const answers = await Promise.all([send(...lines), send(...lines, ...lines), send(...[...lines].reverse())]);
    expect(answers.reduce((total, { accepted }) => total + accepted, 0)).toBe(50);
    expect(answers.reduce((total, { duplicates }) => total + duplicates, 0)).toBe(150);
  });

  it('one that is wrong spoils no other, and a batch beyond its bounds is refused whole', async () => {
    const answer = await send(null, line({ deploymentId: randomUUID() }), line(), line({ amount: '12' }));
    expect(answer.results.map(({ status, code }) => code ?? status)).toEqual([
      'COST.INVALID', 'COST.DEPLOYMENT_UNKNOWN', 'accepted', 'COST.INVALID',
    ]); // prettier-ignore
    const bodies = [
      {},
      { lines: [] },
      { lines: 'all' },
      { lines: [line()], more: 1 },
      { lines: Array(1_001).fill(line()) },
    ];
    for (const body of bodies) expect((await rig.admin.post('/api/v1/costs', body)).status).toBe(400);
  });

  it('F2: nobody but the platform sees or imports any', async () => {
    const { tenantId } = rig.tenant();
    const name = randomUUID();
    const core = await rig.asTenants({ [name]: tenantId });
    try {
      const own = new ServiceClient(core.url, { clientId: name, clientSecret: name });
      const paths = ['costs', 'reports/revenue?period=2026-04', 'reports/margin?by=kind&period=2026-04'];
      for (const path of paths) expect((await own.get(`/api/v1/${path}`)).status).toBe(403);
      expect((await own.post('/api/v1/costs', { lines: [line()] })).status).toBe(403);
    } finally {
      await core.close();
    }
  });
});

describe('revenue and margin', () => {
  it('are the invoices less their credit notes to the cent, by deployment and by kind, each currency for itself', async () => {
    const [first, second] = [rig.tenant(), rig.tenant()];
    const [paid, credited] = [await rig.issue(first.tenantId, '2026-05'), await rig.issue(second.tenantId, '2026-05')];
    expect((await rig.credit(credited.id)).status).toBe(201);
    const voided = await rig.issue(rig.tenant().tenantId, '2026-05');
    expect((await rig.void(voided.id)).status).toBe(200);
    await send(
      line({ period: '2026-05', deploymentId: first.deploymentId, amount: { amount: '60.00', currency: 'USD' } }),
      line({ period: '2026-05', deploymentId: first.deploymentId, amount: { amount: '-1.01', currency: 'USD' } }),
      line({ period: '2026-05', amount: { amount: '7.77', currency: 'USD' } }),
      line({ period: '2026-05', deploymentId: first.deploymentId, amount: { amount: '100', currency: 'JPY' } }),
    );
    const [{ invoiced, credited: taken, revenue: left }] = (await revenue('2026-05')).currencies as [
      Revenue['currencies'][0],
    ];
    expect(invoiced.total.amount).toBe('126.50');
    expect(cents(invoiced.total.amount)).toBe(sum([paid.total, credited.total]));
    expect(cents(left.total.amount)).toBe(cents(invoiced.total.amount) - cents(taken.total.amount));
    for (const by of ['deployment', 'kind']) {
      const { rows, totals } = await margin(by, '2026-05');
      const [yen, dollars] = totals;
      expect(yen).toMatchObject({ currency: 'JPY', revenue: { amount: '0' }, cost: { amount: '100' } });
      expect(dollars).toMatchObject({
        currency: 'USD',
        cost: { amount: '66.76' },
        unallocatedCost: { amount: '7.77' },
      });
      const own = rows.filter(({ currency }) => currency === 'USD');
      expect(sum(own.map((row) => row.revenue))).toBe(cents(left.net.amount));
      expect(sum(own.map((row) => row.cost))).toBe(cents(dollars!.cost.amount));
      expect(sum(own.map((row) => row.margin))).toBe(cents(dollars!.margin.amount));
    }
    const { rows } = await margin('deployment', '2026-05');
    const of = (key: string | null) => rows.find((row) => row.key === key && row.currency === 'USD');
    expect(of(first.deploymentId)).toMatchObject({ revenue: { amount: '57.50' }, cost: { amount: '58.99' } });
    expect(of(null)).toMatchObject({ cost: { amount: '7.77' } });
    const csv = await rig.admin.get('/api/v1/reports/margin?by=deployment&period=2026-05&format=csv');
    expect(csv.status).toBe(200);
  });

  it('add up over any lines of any invoices, costs and currencies', async () => {
    const period = '2031-01';
    const minor = fc.bigInt({ min: -100_000n, max: 1_000_000n });
    const cost = fc.record({ minor, currency: fc.constantFrom('USD', 'EUR'), kind: fc.constantFrom('a', 'b', 'c') });
    let expected: Record<string, bigint> = {};
    await fc.assert(
      fc.asyncProperty(fc.array(cost, { minLength: 1, maxLength: 20 }), async (costs) => {
        await send(
          ...costs.map(({ minor: value, currency, kind }) =>
            line({ period, resourceKind: kind, amount: { amount: text(value), currency } }),
          ),
        );
        for (const { minor: value, currency } of costs)
          expected = { ...expected, [currency]: (expected[currency] ?? 0n) + value };
        const { rows, totals } = await margin('kind', period);
        for (const total of totals) {
          expect(cents(total.cost.amount)).toBe(expected[total.currency]);
          expect(sum(rows.filter(({ currency }) => currency === total.currency).map((row) => row.cost))).toBe(
            expected[total.currency],
          );
        }
      }),
      { numRuns: sizeOfRun({ soak: 100, ci: 10 }) },
    );
  });
});

function text(minor: bigint): string {
  const digits = (minor < 0n ? -minor : minor).toString().padStart(3, '0');
  return `${minor < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
