/** A table of the home database of which a deployment's rows go along, and how two homes compare them. */
export interface HandedTable {
  readonly name: string;
  /** In the order of insertion; `number` and `id` that a database makes are left to it. */
  readonly columns: readonly string[];
  /** Which rows go along, of an alias `t`: `$1` is the deployment, `$2` the instant since which they are kept. */
  readonly rows: string;
  /** Left out of the comparison: what may differ without harm. */
  readonly uncompared?: readonly string[];
  readonly orderBy?: string;
}

/** `$2` is named by all, so that one statement serves every table. */
const OF_DEPLOYMENT = 't.deployment_id = $1::uuid AND $2::text IS NOT NULL';
const COUNTER = ['deployment_id', 'meter', 'limit_window', 'window_start'];

/** In the order in which they are inserted, and the reverse of that in which they are removed. */
export const HANDED_TABLES: readonly HandedTable[] = [
  {
    name: 'usage_carried',
    columns: ['deployment_id', 'meter', 'quarter', 'home_id', 'aggregation', 'quantity', 'last_at'],
    rows: OF_DEPLOYMENT,
  },
  {
    name: 'limit_counter',
    columns: [...COUNTER, 'window_end', 'aggregation', 'used', 'held', 'lost', 'last_at', 'warned'],
    rows: OF_DEPLOYMENT,
  },
  {
    name: 'limit_slice',
    columns: ['id', 'holder', ...COUNTER, 'amount', 'spent', 'state', 'granted_at', 'expires_at'],
    rows: OF_DEPLOYMENT,
  },
  {
    name: 'limit_reservation',
    columns: [
      ...['id', 'deployment_id', 'meter', 'aggregation', 'quantity', 'state', 'created_at', 'expires_at', 'ended_at'],
      ...['usage_at', 'usage_quantity'],
    ],
    rows: OF_DEPLOYMENT,
  },
  { name: 'limit_hold', columns: ['reservation_id', ...COUNTER], rows: OF_DEPLOYMENT },
  {
    name: 'limit_ticket',
    columns: [
      ...['id', 'deployment_id', 'meter', 'action', 'quantity', 'state', 'reservation_id', 'created_at'],
      ...['admitted_at', 'ended_at'],
    ],
    rows: OF_DEPLOYMENT,
    // Those that wait are let in by their numbers, which the other home gives anew in the same order.
    orderBy: 't.number',
  },
  {
    name: 'limit_throttle',
    columns: ['deployment_id', 'meter', 'limit_window', 'level', 'level_at'],
    rows: OF_DEPLOYMENT,
  },
  { name: 'limit_recount', columns: ['deployment_id', 'meter', 'round', 'due_at'], rows: OF_DEPLOYMENT },
  { name: 'level_report', columns: ['deployment_id', 'meter', 'due_at'], rows: OF_DEPLOYMENT },
  {
    name: 'decision',
    columns: [
      ...['id', 'deployment_id', 'principal', 'action', 'meter', 'quantity', 'outcome', 'code', 'idempotency_key'],
      ...['question_hash', 'answer', 'decided_at'],
    ],
    rows: 't.deployment_id = $1::uuid AND t.decided_at >= $2::text::timestamptz',
    // The same key may have been used at the other home for another deployment.
    uncompared: ['idempotency_key'],
  },
];

/** Too many to be packed: they are read where they are, for nothing is added to them once writes are refused. */
export const KEY_TABLE: HandedTable = {
  name: 'usage_event_key',
  columns: ['deployment_id', 'source', 'event_id', 'content_hash', 'received_at'],
  rows: 't.deployment_id = $1::uuid AND t.received_at >= $2::text::timestamptz',
};

/** Events older than this are refused, so their keys decide nothing any more; a day more for clocks and zones. */
export const KEPT_MS = 36 * 24 * 3_600_000;
