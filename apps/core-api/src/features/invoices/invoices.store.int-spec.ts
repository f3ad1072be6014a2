import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import { orThrow, parseInvoiceId, parseTenantId, uuidv7 } from '@biplane/kernel';
import type { Tx, UnitOfWork } from '@biplane/service-kit';
import { seededRandom, seedOfRun, sizeOfRun, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { invoiceNumber } from './domain/invoice-document.js';
import { DocumentSeriesStore } from './document-series.store.js';
import { InvoicesStore, type NewInvoice } from './invoices.store.js';

const now = new Date('2026-05-01T03:00:00Z');
const store = new InvoicesStore();
const series = new DocumentSeriesStore();
const take = (tx: Tx, issuer: string, year: number, count = 1) =>
  series.take(tx, 'invoice_series', issuer, year, count);
let postgres: TestPostgres;
let unitOfWork: UnitOfWork;

beforeAll(async () => {
  postgres = await testPostgres('core');
  unitOfWork = await testUnitOfWork('core', postgres.url);
});
afterAll(async () => {
  await unitOfWork?.close();
  await postgres?.drop();
});

const newId = () => uuidv7(now, Buffer.from(randomUUID().replaceAll('-', ''), 'hex'));

interface Draft extends Partial<NewInvoice> {
  readonly issuer: string;
  readonly sequence: number;
}

const owedIn = { periodFrom: new Date('2026-03-31T14:00:00Z'), periodTo: new Date('2026-04-30T14:00:00Z') };

function invoice(draft: Draft): NewInvoice {
  const content = draft.content ?? `{"n":"${draft.issuer}-${draft.sequence}"}`;
  return {
    id: orThrow(parseInvoiceId(newId())),
    tenantId: orThrow(parseTenantId(newId())),
    content,
    contentHash: createHash('sha256').update(content).digest('hex'),
    period: '2026-04',
    periodFrom: new Date('2026-03-31T14:00:00Z'),
    periodTo: new Date('2026-04-30T14:00:00Z'),
    year: 2026,
    number: invoiceNumber(2026, draft.sequence),
    currency: 'USD',
    subtotalMinor: 6422n,
    totalMinor: 7064n,
    creditAppliedMinor: 0n,
    buyerEncrypted: null,
    replacesId: null,
    provisional: false,
    issuedAt: now,
    dueAt: new Date('2026-05-15T03:00:00Z'),
    lines: [
      {
        lineId: 'base',
        kind: 'plan_base',
        deploymentId: null,
        resourceKind: 'studio',
        quantity: '1',
        amountMinor: 6422n,
        ...owedIn,
      },
      {
        lineId: 'tax',
        kind: 'tax',
        deploymentId: null,
        resourceKind: 'GST',
        quantity: '1',
        amountMinor: 642n,
        ...owedIn,
      },
    ],
    ...draft,
  };
}

/** Takes a number and issues under it, as one transaction. */
function issue(issuer: string, over: Partial<NewInvoice> = {}): Promise<NewInvoice> {
  return unitOfWork.run(
    async (tx) => {
      const issued = invoice({ issuer, sequence: await take(tx, issuer, 2026), ...over });
      await store.insert(tx, issued);
      return issued;
    },
    // Sixteen writers wait for five connections.
    { waitMs: 20_000 },
  );
}

const sequences = async (issuer: string) =>
  (
    await postgres.query<{ sequence: number }>('SELECT sequence FROM invoice WHERE issuer = $1 ORDER BY sequence', [
      issuer,
    ])
  ).map((row) => row.sequence);

describe('invoice numbers', () => {
  const writers = 16;
  const each = sizeOfRun({ soak: 300, ci: 5 });

  it('D4: sixteen writers, one in seven rolled back, leave numbers 1 to n without gap or repeat', async () => {
    const seed = seedOfRun();
    const random = seededRandom(seed);
    const fails = Array.from({ length: writers * each }, () => random() < 1 / 7);
    const results = await Promise.allSettled(
      Array.from({ length: writers }, async (_, writer) => {
        let issued = 0;
        for (const failing of fails.slice(writer * each, (writer + 1) * each)) {
          // A line too few breaks the sum: the deferred check refuses the whole transaction at its commit.
          const done = await issue('D4', failing ? { lines: [] } : {}).then(
            () => true,
            () => false,
          );
          if (done === failing)
            throw new Error(`seed ${seed}: an invoice without lines was ${done ? 'issued' : 'not the one refused'}`);
          if (done) issued += 1;
        }
        return issued;
      }),
    );
    const issued = results
      .map((result) => (result.status === 'fulfilled' ? result.value : Number.NaN))
      .reduce((a, b) => a + b, 0);
    expect(await sequences('D4')).toEqual(Array.from({ length: issued }, (_, index) => index + 1));
  });

  it('each year and each issuer counts for itself', async () => {
    const numbers: number[] = [];
    const taken = unitOfWork.run(async (tx) => {
      for (const [issuer, year] of [
        ['YEARS', 2026],
        ['YEARS', 2027],
        ['OTHER', 2026],
      ] as const) {
        numbers.push(await take(tx, issuer, year, 3), await take(tx, issuer, year));
      }
    });
    await expect(taken).rejects.toThrow('would have a gap');
    expect(numbers).toEqual([1, 4, 1, 4, 1, 4]);
  });

  it('a number that was taken and not used takes the whole transaction back', async () => {
    const wasteful = unitOfWork.run(async (tx) => {
      const first = await take(tx, 'WASTE', 2026, 3);
      for (const sequence of [first, first + 2]) await store.insert(tx, invoice({ issuer: 'WASTE', sequence }));
    });
    await expect(wasteful).rejects.toThrow('series WASTE/2026 would have a gap');
    expect(await sequences('WASTE')).toEqual([]);
  });

  it.each([
    ['wound back', 'UPDATE invoice_series SET last_number = last_number - 1'],
    ['moved to another year', 'UPDATE invoice_series SET year = 1999, last_number = last_number + 1'],
    ['deleted', 'DELETE FROM invoice_series'],
  ])('a series cannot be %s', async (_what, sql) => {
    await issue('SERIES');
    await expect(postgres.query(`${sql} WHERE issuer = 'SERIES'`)).rejects.toThrow('only rises');
  });

  it('a series cannot be made to jump', async () => {
    await issue('JUMP');
    const jump = `UPDATE invoice_series SET last_number = last_number + 2 WHERE issuer = 'JUMP'`;
    await expect(postgres.query(jump)).rejects.toThrow('would have a gap');
  });
});

const VOID = `status = 'void', open_minor = 0, voided_at = issued_at, void_reason = 'test'`;

describe('an issued invoice', () => {
  it.each([
    ['its content', `content = '{}', content_hash = encode(sha256('{}'), 'hex')`],
    ['its total', 'total_minor = 1'],
    ['its number', `number = 'INV-2026-999999'`],
    ['its tenant', 'tenant_id = gen_random_uuid()'],
    ['its due date', `due_at = due_at + interval '1 day'`],
    ['its total while it is voided', `${VOID}, total_minor = 1`],
    ['what is open of it', 'open_minor = 1'],
    ['what was paid on it', 'paid_minor = 1, open_minor = open_minor - 1'],
    ['its status without a payment', `status = 'paid', open_minor = 0, paid_minor = total_minor, paid_at = issued_at`],
  ])('keeps %s whatever SQL says', async (_what, change) => {
    const { id } = await issue('KEEPS');
    await expect(postgres.query(`UPDATE invoice SET ${change} WHERE id = $1`, [id])).rejects.toThrow('immutable');
  });

  it('cannot be deleted, nor its lines changed, removed or added to', async () => {
    const { id } = await issue('LINES');
    const extra = `INSERT INTO invoice_line VALUES ($1, 9, 'x', 'plan_base', NULL, 'studio', 1, 0)`;
    await expect(postgres.query('DELETE FROM invoice WHERE id = $1', [id])).rejects.toThrow('immutable');
    await expect(
      postgres.query('UPDATE invoice_line SET amount_minor = 0 WHERE invoice_id = $1', [id]),
    ).rejects.toThrow('immutable');
    await expect(postgres.query('DELETE FROM invoice_line WHERE invoice_id = $1', [id])).rejects.toThrow('immutable');
    await expect(postgres.query(extra, [id])).rejects.toThrow('does not add up');
    await expect(postgres.query('TRUNCATE invoice CASCADE')).rejects.toThrow('immutable');
  });

  it('may be voided, once, and stays void', async () => {
    const { id } = await issue('STATUS');
    await postgres.query(`UPDATE invoice SET ${VOID} WHERE id = $1`, [id]);
    for (const change of [`status = 'issued', open_minor = total_minor, voided_at = NULL`, `void_reason = 'another'`]) {
      await expect(postgres.query(`UPDATE invoice SET ${change} WHERE id = $1`, [id])).rejects.toThrow('immutable');
    }
  });

  it.each([
    ['a total that is not the sum of its lines', { totalMinor: 7065n }],
    ['a subtotal that holds the tax', { subtotalMinor: 7064n }],
  ])('is refused with %s', async (_what, wrong) => {
    await expect(issue('SUMS', wrong)).rejects.toThrow('does not add up');
    expect(await sequences('SUMS')).toEqual([]);
  });

  it('is refused with a hash of something else', async () => {
    await expect(issue('HASH', { contentHash: '0'.repeat(64) })).rejects.toThrow();
    expect(await sequences('HASH')).toEqual([]);
  });

  it('is the only one of its tenant and month, until it is void', async () => {
    const first = await issue('ONE');
    await expect(issue('ONE', { tenantId: first.tenantId })).rejects.toThrow();
    await postgres.query(`UPDATE invoice SET ${VOID} WHERE id = $1`, [first.id]);
    const second = await issue('ONE', { tenantId: first.tenantId });
    expect(await sequences('ONE')).toEqual([1, 2]);
    expect((await store.findLive(unitOfWork.reader, first.tenantId, '2026-04'))?.id).toBe(second.id);
  });
});

describe('the list of invoices', () => {
  it('goes on behind the last one of a page, newest first, and shows one tenant only', async () => {
    const tenantId = orThrow(parseTenantId(newId()));
    const issued: NewInvoice[] = [];
    const newestFirst = (a: NewInvoice, b: NewInvoice) =>
      b.issuedAt.getTime() - a.issuedAt.getTime() || (a.id < b.id ? 1 : -1);
    for (const [index, period] of ['2026-01', '2026-02', '2026-03'].entries()) {
      issued.push(await issue('LIST', { tenantId, period, issuedAt: new Date(now.getTime() + (index % 2)) }));
    }
    await issue('LIST');
    const first = await store.list(unitOfWork.reader, { tenantId }, null, 2);
    const rest = await store.list(unitOfWork.reader, { tenantId }, first.at(-1)!, 2);
    expect([...first, ...rest].map(({ id }) => id)).toEqual(issued.sort(newestFirst).map(({ id }) => id));
  });
});
