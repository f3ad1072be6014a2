import { money, orThrow, parseCurrency, type Money } from '@biplane/kernel';
import { querySql, type Tx } from '@biplane/service-kit';
import type { Run } from './runs.store.js';

export const RESULTS = ['charged', 'stated', 'skipped'] as const;

/** What a run decided of one unit: a period of an item, or an account that a statement was due for. */
export interface RunResult {
  /** Of the period, of the statement, or of the account that has none. */
  readonly id: string;
  readonly result: (typeof RESULTS)[number];
  readonly memberId: string;
  readonly accountId: string;
  /** Of a billing run. */
  readonly itemId: string | null;
  readonly externalId: string | null;
  readonly from: Date | null;
  readonly to: Date | null;
  /** What the period comes to, or the balance that the statement closes with. */
  readonly amount: Money | null;
  /** Why it was skipped. */
  readonly reason: string | null;
  readonly licenseVersion: number | null;
  readonly decidedAt: Date;
  /** What somebody decided of a skipped period since: charged or forgiven. */
  readonly decision: 'charged' | 'forgiven' | null;
}

export interface ResultsWanted {
  readonly after: { readonly at: Date; readonly id: string } | null;
  readonly take: number;
  readonly result?: RunResult['result'] | undefined;
}

const PERIODS = `SELECT p.id::text AS id, CASE WHEN p.reason IS NULL THEN 'charged' ELSE 'skipped' END AS result,
    a.member_id::text AS "memberId", a.id::text AS "accountId", i.id::text AS "itemId", i.external_id AS "externalId",
    p.period_from AS "from", p.period_to AS "to", p.amount_minor::text AS minor, i.currency, p.reason,
    p.license_version AS "licenseVersion", p.recorded_at AS "decidedAt", CASE WHEN p.decided_by IS NOT NULL THEN p.state END AS decision
  FROM (SELECT * FROM item_period WHERE run_id = $1::uuid AND ($2::timestamptz IS NULL OR (recorded_at, id) > ($2, $3::uuid))
          AND ($5::text IS NULL OR $5 = CASE WHEN reason IS NULL THEN 'charged' ELSE 'skipped' END)
         ORDER BY recorded_at, id LIMIT $4) p
  JOIN account_item i ON i.id = p.item_id JOIN ledger_account a ON a.id = i.account_id ORDER BY p.recorded_at, p.id`;

const STATEMENTS = `SELECT u.id::text AS id, u.result, a.member_id::text AS "memberId", a.id::text AS "accountId", NULL::text AS "itemId",
    NULL::text AS "externalId", u.period_from AS "from", u.period_to AS "to", u.closing_minor::text AS minor, a.currency, u.reason,
    u.license_version AS "licenseVersion", u.at AS "decidedAt", NULL::text AS decision
  FROM ((SELECT id, 'stated' AS result, account_id, period_from, period_to, closing_minor, NULL::text AS reason, license_version,
                issued_at AS at
           FROM statement WHERE run_id = $1::uuid AND ($2::timestamptz IS NULL OR (issued_at, id) > ($2, $3::uuid))
            AND coalesce($5::text, 'stated') = 'stated' ORDER BY issued_at, id LIMIT $4)
        UNION ALL
        (SELECT account_id, 'skipped', account_id, NULL, NULL, NULL, reason, license_version, skipped_at
           FROM skipped_statement WHERE run_id = $1::uuid AND ($2::timestamptz IS NULL OR (skipped_at, account_id) > ($2, $3::uuid))
            AND coalesce($5::text, 'skipped') = 'skipped' ORDER BY skipped_at, account_id LIMIT $4)
         ORDER BY at, id LIMIT $4) u
  JOIN ledger_account a ON a.id = u.account_id ORDER BY u.at, u.id`;

/** In the order in which they were decided, after the given one. */
export async function listResults(
  tx: Tx,
  run: Pick<Run, 'id' | 'kind'>,
  { after, take, result }: ResultsWanted,
): Promise<readonly RunResult[]> {
  const values = [run.id, after?.at ?? null, after?.id ?? null, take, result ?? null];
  const rows = await querySql<Row>(tx, run.kind === 'billing' ? PERIODS : STATEMENTS, values);
  return rows.map(({ minor, currency, ...row }) => ({
    ...row,
    amount: minor === null ? null : money(BigInt(minor), orThrow(parseCurrency(currency))),
  }));
}

interface Row extends Omit<RunResult, 'amount'> {
  readonly minor: string | null;
  readonly currency: string;
}
