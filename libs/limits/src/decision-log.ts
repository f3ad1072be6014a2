import { createHash } from 'node:crypto';
import { canonicalJson, RefusalError, type Clock } from '@biplane/kernel';
import { IdempotencyErrors, type Ids, type Tx, type UnitOfWork } from '@biplane/service-kit';
import {
  addAllowed,
  findDecision,
  forgetDecisions,
  insertDecisions,
  lockDecisionKey,
  replaceDecision,
  takeFlush,
  type AllowedCount,
  type DecisionRow,
} from './store/decisions.js';

interface Flush {
  readonly sequence: number;
  readonly counts: readonly AllowedCount[];
  readonly rows: readonly DecisionRow[];
}

/** Denials that may wait for a flush: a flood of them is counted as far as it goes, not kept without end. */
const ROWS_MAX = 5_000;

const HOUR_MS = 3_600_000;
const PURPOSE = 'allowed';

/** What was decided: denials, delays and warnings one by one, what was allowed counted by the hour. */
export class DecisionLog {
  private readonly processId: string;
  private counts = new Map<string, { -readonly [K in keyof AllowedCount]: AllowedCount[K] }>();
  private rows: DecisionRow[] = [];
  private inFlight: Flush | null = null;
  private sequence = 0;
  private flushing: Promise<void> = Promise.resolve();

  constructor(private readonly options: { readonly unitOfWork: UnitOfWork; readonly clock: Clock; readonly ids: Ids }) {
    this.processId = options.ids.uuid();
  }

  /** In the transaction of what the decision does. */
  async record(tx: Tx, row: DecisionRow): Promise<void> {
    await insertDecisions(tx, [row]);
  }

  /** Another answer than was stored: what its caller was told instead. */
  async replace(tx: Tx, row: DecisionRow): Promise<void> {
    await replaceDecision(tx, row);
  }

  /** With the next flush: at the door nobody waits for a statement. False when too many wait already. */
  recordLater(row: DecisionRow): boolean {
    if (this.rows.length >= ROWS_MAX) return false;
    this.rows.push(row);
    return true;
  }

  /**
   * The answer that was given under the key; null when the key is new, and then it is this transaction's until its end.
   * Refuses another question with IDEMPOTENCY.KEY_REUSED (422), and with IDEMPOTENCY.IN_FLIGHT (409) while it is being
   * answered elsewhere.
   */
  async stored(tx: Tx, principal: string, key: string, questionHash: string): Promise<string | null> {
    if (!(await lockDecisionKey(tx, principal, key))) {
      const detail = 'A decision under this key is being made';
      throw new RefusalError(IdempotencyErrors.IN_FLIGHT({ detail, retryAfterSeconds: 1 }));
    }
    const known = await findDecision(tx, principal, key);
    if (known === undefined) return null;
    if (known.questionHash !== questionHash) {
      throw new RefusalError(IdempotencyErrors.KEY_REUSED({ detail: 'This key was used for another question' }));
    }
    return known.answer;
  }

  /** In memory; a process that is killed loses the counts of its last second. */
  countAllowed(deploymentId: string, action: string, meter: string | undefined, at: Date): void {
    const hourMs = Math.floor(at.getTime() / HOUR_MS) * HOUR_MS;
    const text = `${deploymentId}|${action}|${meter ?? ''}|${hourMs}`;
    const known = this.counts.get(text);
    if (known !== undefined) known.allowed += 1;
    else this.counts.set(text, { deploymentId, action, meter: meter ?? '', hour: new Date(hourMs), allowed: 1 });
  }

  /** Adds what was counted, once: a flush whose answer was lost is sent again under its number. */
  flush(): Promise<void> {
    const mine = this.flushing.then(() => this.flushAll());
    this.flushing = mine.catch(() => undefined);
    return mine;
  }

  /** What is older goes, at most `max` rows of each kind. */
  forget(tx: Tx, before: Date, max: number): Promise<number> {
    return forgetDecisions(tx, before, max);
  }

  private async flushAll(): Promise<void> {
    while (this.inFlight !== null || this.counts.size > 0 || this.rows.length > 0) {
      this.inFlight ??= this.next();
      const { sequence, counts, rows } = this.inFlight;
      const { unitOfWork, clock } = this.options;
      const flush = { processId: this.processId, purpose: PURPOSE, sequence, now: clock.now() };
      await unitOfWork.run(async (tx) => {
        if (!(await takeFlush(tx, flush))) return;
        await addAllowed(tx, counts);
        await insertDecisions(tx, rows);
      });
      this.inFlight = null;
    }
  }

  private next(): Flush {
    const counts = [...this.counts.values()];
    const { rows } = this;
    this.counts = new Map();
    this.rows = [];
    this.sequence += 1;
    return { sequence: this.sequence, counts, rows };
  }
}

/** One hash for one question, whatever the order of its members. */
export function questionHash(question: Readonly<Record<string, unknown>>): string {
  return createHash('sha256').update(canonicalJson(question)).digest('hex');
}
