import { Injectable } from '@nestjs/common';
import { UnitOfWork, type Tx } from '@biplane/service-kit';
import { entryHash, FIRST_HEAD, nextHead } from './sealing.js';
import { SealStore, type Link, type SealHead } from './seal.store.js';

export type AuditProblemKind = 'ENTRY_CHANGED' | 'ENTRY_MISSING' | 'SEAL_MISSING' | 'CHAIN_BROKEN' | 'HEAD_MISSING';

export interface AuditProblem {
  readonly kind: AuditProblemKind;
  readonly seq: bigint | null;
  readonly entryId: string | null;
}

export interface Verification {
  readonly problems: readonly AuditProblem[];
  /** The last link that was looked at. */
  readonly through: bigint;
  readonly hasMore: boolean;
  readonly sealedThrough: SealHead | null;
  /** Committed, and to be sealed by the next run; counted to 10,000. */
  readonly unsealed: number;
}

const CHUNK = 1_000;
const PROBLEMS_MAX = 100;
const UNSEALED_MAX = 10_000;

/** Computes the chain again from the entries, a bounded stretch at a time. */
@Injectable()
export class AuditVerifier {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: SealStore,
  ) {}

  /** Links `after + 1` to `after + limit`. A head that was written down earlier must stand in the chain: else its end was cut off. */
  verify(asked: {
    readonly after: bigint;
    readonly limit: number;
    readonly head: string | null;
  }): Promise<Verification> {
    // One snapshot: what is sealed meanwhile is not half of the answer.
    return this.unitOfWork.run((tx) => this.verifyIn(tx, asked), { isolation: 'RepeatableRead' });
  }

  private async verifyIn(
    tx: Tx,
    { after, limit, head }: { readonly after: bigint; readonly limit: number; readonly head: string | null },
  ): Promise<Verification> {
    const problems: AuditProblem[] = [];
    if (head !== null && (await this.store.seqOf(tx, head)) === null) {
      problems.push({ kind: 'HEAD_MISSING', seq: null, entryId: null });
    }
    let at = { seq: after, head: after === 0n ? FIRST_HEAD : ((await this.store.headAt(tx, after)) ?? '') };
    for (let left = limit; left > 0;) {
      const links = await this.store.links(tx, at.seq, Math.min(CHUNK, left));
      for (const link of links) {
        problems.push(...problemsOf(link, at));
        at = { seq: link.seq, head: link.head };
      }
      left -= links.length;
      if (links.length < CHUNK) break;
    }
    const sealedThrough = await this.store.last(tx);
    return {
      problems: problems.slice(0, PROBLEMS_MAX),
      through: at.seq,
      hasMore: sealedThrough !== null && sealedThrough.seq > at.seq,
      sealedThrough,
      unsealed: await this.store.countUnsealed(tx, UNSEALED_MAX),
    };
  }
}

function problemsOf(link: Link, before: { readonly seq: bigint; readonly head: string }): AuditProblem[] {
  const { seq, entryId } = link;
  const kinds: AuditProblemKind[] = [];
  if (seq !== before.seq + 1n) kinds.push('SEAL_MISSING');
  if (!link.found) kinds.push('ENTRY_MISSING');
  else if (entryHash(link) !== link.entryHash) kinds.push('ENTRY_CHANGED');
  // Only against the link before it: one wrong link is named once, and those behind it are judged by themselves.
  if (seq === before.seq + 1n && nextHead(before.head, seq, link.entryHash) !== link.head) kinds.push('CHAIN_BROKEN');
  return kinds.map((kind) => ({ kind, seq, entryId }));
}
