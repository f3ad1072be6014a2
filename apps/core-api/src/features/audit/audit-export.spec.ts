import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { EXPORT_ROWS_MAX, exportStream } from './audit-export.js';
import type { AuditRow } from './audit.store.js';

const entry = (id: bigint, change: Partial<AuditRow> = {}): AuditRow & { id: bigint } => ({
  id,
  at: new Date('2026-04-10T12:00:00.000Z'),
  actor: 'admin',
  requestId: null,
  action: 'tenant.created',
  objectType: 'tenant',
  objectId: 'x',
  tenantId: null,
  before: null,
  after: { slug: 'acme' },
  reason: null,
  ...change,
});

const once =
  (...rows: ReturnType<typeof entry>[]) =>
  async (beforeId: bigint | null) =>
    beforeId === null ? rows : [];

describe('the export of the audit', () => {
  it('writes one entry a line as JSON', async () => {
    const written = await text(exportStream('ndjson', once(entry(2n), entry(1n))));
    const lines = written
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string });
    expect(lines.map(({ id }) => id)).toEqual(['2', '1']);
    expect(lines[0]).toMatchObject({ at: '2026-04-10T12:00:00.000Z', after: { slug: 'acme' } });
  });

  it('writes CSV that no spreadsheet takes for a formula', async () => {
    const reasons = ['=HYPERLINK("x")', '+1', '-1', '@x', 'a, "b"\nc'];
    const rows = reasons.map((reason, index) => entry(BigInt(9 - index), { reason }));
    const written = await text(exportStream('csv', once(...rows)));
    expect(written).toContain(`,"{""slug"":""acme""}","'=HYPERLINK(""x"")",\r\n`);
    for (const cell of [`,'+1,`, `,'-1,`, `,'@x,`, `,"a, ""b""\nc",`]) expect(written).toContain(cell);
  });

  it('reads page by page, each behind the one before, and ends at its bound', async () => {
    const asked: (bigint | null)[] = [];
    const endless = async (beforeId: bigint | null, take: number) => {
      asked.push(beforeId);
      const from = beforeId ?? 10_000_000n;
      return Array.from({ length: take }, (_, index) => entry(from - BigInt(index) - 1n));
    };
    const written = await text(exportStream('ndjson', endless));
    expect(written.split('\n')).toHaveLength(EXPORT_ROWS_MAX + 1);
    expect(asked.slice(0, 3)).toEqual([null, 9_999_500n, 9_999_000n]);
  });
});
