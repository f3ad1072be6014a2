/** What PostgreSQL, pg or Prisma said, reduced to what callers decide on. */
interface DatabaseComplaint {
  /** SQLSTATE, Prisma's `P…`, or Node's `E…`, whichever are known. */
  readonly codes: ReadonlySet<string>;
  readonly text: string;
  readonly constraint: string | null;
}

const UNAVAILABLE = new Set([
  'P1001', // no connection
  'P1002', // connection timed out
  'P1017', // server closed the connection
  'P2024', // no free connection in the pool in time
  'P2028', // no transaction could be started in time, or it ran out of time
  'P2037', // too many connections
  '53300', // too many connections
  'P1010', // the login is locked out, as that of a home is that a deployment was moved away from
  '28000', // the same
  '57P01', // admin shutdown
  '57P02', // crash shutdown
  '57P03', // starting up
  '57014', // statement timeout
  '55P03', // lock timeout
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ENOENT', // a Unix socket that is gone
]);
const UNAVAILABLE_TEXT =
  /timeout exceeded when trying to connect|connection terminated|can't reach database server|server has closed the connection|connection.*closed|not queryable|unable to start a transaction in the given time|pool is draining|after calling end on the pool/i;
const CONFLICT = new Set(['P2034', '40001', '40P01']);
const UNIQUE = new Set(['P2002', '23505']);
/** The value is outside what its column holds: text with NUL, a number too large, a string too long, a bad UUID. */
const BAD_VALUE = new Set(['P2000', 'P2020', 'P2023', '22001', '22003', '22007', '22008', '22021', '22P02', '22P05']);

/** The database cannot answer now; the same call may succeed later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!fromDatabase(error)) return false;
  const { codes, text } = complaintOf(error);
  return intersects(codes, UNAVAILABLE) || UNAVAILABLE_TEXT.test(text);
}

/** A deadlock or a serialization failure: the whole transaction may be run again. */
export function isTransactionConflict(error: unknown): boolean {
  return fromDatabase(error) && intersects(complaintOf(error).codes, CONFLICT);
}

/** Somebody held a lock for longer than the transaction was ready to wait. */
export function isLockTimeout(error: unknown): boolean {
  return fromDatabase(error) && complaintOf(error).codes.has('55P03');
}

/** It would write, and the login that it came by may only read at present. */
export function isReadOnlyTransaction(error: unknown): boolean {
  return fromDatabase(error) && complaintOf(error).codes.has('25006');
}

/** A unique index refused the row. With `constraint`, only when that index did. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (!fromDatabase(error)) return false;
  const complaint = complaintOf(error);
  if (!intersects(complaint.codes, UNIQUE)) return false;
  return constraint === undefined || complaint.constraint === constraint || complaint.text.includes(constraint);
}

/** A value that no validator stopped and the column refused. */
export function isValueRefused(error: unknown): boolean {
  return fromDatabase(error) && intersects(complaintOf(error).codes, BAD_VALUE);
}

function intersects(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const item of a) if (b.has(item)) return true;
  return false;
}

// Errors of other clients (Kafka, Redis, files) carry the same Node codes and must not be taken for the database's.
function fromDatabase(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name.startsWith('Prisma') || error.name === 'DriverAdapterError' || error.name === 'DatabaseError')
    return true;
  return /\bpg(-pool|-protocol)?\b/.test(error.stack ?? '') || UNAVAILABLE_TEXT.test(error.message);
}

function complaintOf(error: unknown): DatabaseComplaint {
  const codes = new Set<string>();
  const texts: string[] = [];
  let constraint: string | null = null;
  // Prisma nests the driver's error under meta.driverAdapterError.cause, and pg nests sockets' errors under `errors`.
  const pending: unknown[] = [error];
  for (let looked = 0; pending.length > 0 && looked < 20; looked += 1) {
    const item = pending.pop();
    if (typeof item === 'string') texts.push(item);
    if (typeof item !== 'object' || item === null) continue;
    const record = item as Record<string, unknown>;
    for (const key of ['code', 'originalCode']) if (typeof record[key] === 'string') codes.add(record[key]);
    if (record['kind'] === 'TransactionWriteConflict') codes.add('40001');
    for (const key of ['message', 'originalMessage']) if (typeof record[key] === 'string') texts.push(record[key]);
    if (typeof record['index'] === 'string') constraint = record['index'];
    if (typeof record['constraint'] === 'string') constraint = record['constraint'];
    pending.push(record['cause'], record['meta'], record['driverAdapterError'], record['constraint']);
    if (Array.isArray(record['errors'])) pending.push(...(record['errors'] as unknown[]).slice(0, 4));
  }
  return { codes, text: texts.join('\n'), constraint };
}
