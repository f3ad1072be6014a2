import { createHash } from 'node:crypto';

/** An entry as the chain covers it: every column, as the database writes it in text, so that no reader can see it differently. */
export interface SealedColumns {
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly objectType: string;
  readonly objectId: string;
  readonly tenantId: string | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly reason: string | null;
  readonly requestId: string | null;
}

export interface Seal {
  readonly seq: bigint;
  readonly entryId: string;
  readonly entryHash: string;
  readonly head: string;
}

/** Of the empty chain. */
export const FIRST_HEAD = '0'.repeat(64);

/** A list in JSON keeps the columns apart whatever they contain. */
export function entryHash(entry: SealedColumns): string {
  const { id, at, actor, action, objectType, objectId, tenantId, before, after, reason, requestId } = entry;
  return sha256(
    JSON.stringify([id, at, actor, action, objectType, objectId, tenantId, before, after, reason, requestId]),
  );
}

export function nextHead(head: string, seq: bigint, hash: string): string {
  return sha256(`${head}\n${seq}\n${hash}`);
}

export function sealAll(entries: readonly SealedColumns[], last: { seq: bigint; head: string } | null): Seal[] {
  let { seq, head } = last ?? { seq: 0n, head: FIRST_HEAD };
  return entries.map((entry) => {
    seq += 1n;
    const hash = entryHash(entry);
    head = nextHead(head, seq, hash);
    return { seq, entryId: entry.id, entryHash: hash, head };
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
