import { RefusalError, type Clock } from '@biplane/kernel';
import { IdempotencyErrors, type Tx, type UnitOfWork } from '@biplane/service-kit';
import { questionHash, type DecisionLog } from './decision-log.js';
import type { CheckedDecision, CheckQuestion } from './questions.js';
import type { Reservations } from './reservations.js';
import type { DecisionRow } from './store/decisions.js';
import type { Tickets } from './tickets.js';

interface Told {
  readonly question: CheckQuestion;
  readonly decision: CheckedDecision;
  readonly at: Date;
}

/** Answers that wait to be stored while the database is away; the oldest go first. */
const WAITING_MAX = 1_000;

/**
 * One key, one decision, also when the answer could not wait for the database: what was told then is kept here, answers
 * whoever asks again, and becomes the stored answer of its key as soon as it can, whatever was decided after the telling.
 */
export class KeyedAnswers {
  private readonly waiting = new Map<string, Told>();
  private storing: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: {
      readonly unitOfWork: UnitOfWork;
      readonly clock: Clock;
      readonly log: DecisionLog;
      readonly reservations: Reservations;
      readonly tickets: Tickets;
      readonly onError?: ((error: unknown) => void) | undefined;
    },
  ) {}

  /** What was told under the key and is not stored yet. Refuses another question with IDEMPOTENCY.KEY_REUSED. */
  told(question: CheckQuestion): CheckedDecision | undefined {
    const told = this.waiting.get(nameOf(question));
    if (told === undefined) return undefined;
    if (hashOf(told.question) === hashOf(question)) return told.decision;
    throw new RefusalError(IdempotencyErrors.KEY_REUSED({ detail: 'This key was used for another question' }));
  }

  /** An answer that is given now and stored later. */
  tell(question: CheckQuestion, decision: CheckedDecision): void {
    const [oldest] = this.waiting.keys();
    if (this.waiting.size >= WAITING_MAX && oldest !== undefined) this.waiting.delete(oldest);
    this.waiting.set(nameOf(question), { question, decision, at: this.parts.clock.now() });
    void this.store();
  }

  /** Stores what waits; what cannot be stored yet waits on. Never fails. */
  store(): Promise<void> {
    this.storing = this.storing.then(async () => {
      for (const [name, told] of [...this.waiting]) {
        try {
          await this.parts.unitOfWork.run((tx) => this.storeOne(tx, told));
          if (this.waiting.get(name) === told) this.waiting.delete(name);
        } catch (error) {
          // The work that was too late still has the key: it is asked for again when that has ended.
          if (!(error instanceof RefusalError)) this.parts.onError?.(error);
        }
      }
    });
    return this.storing;
  }

  private async storeOne(tx: Tx, { question, decision, at }: Told): Promise<void> {
    const { log, reservations, tickets } = this.parts;
    const { principal, idempotencyKey: key = '' } = question;
    const known = await log.stored(tx, principal, key, hashOf(question));
    const answer = JSON.stringify(decision);
    if (known === null) return log.record(tx, rowOf(question, decision, at));
    const stored = JSON.parse(known) as CheckedDecision;
    // Another process was asked meanwhile: what it has said stands.
    if (known === answer || stored.decisionId !== decision.decisionId) return;
    if (stored.reservationId !== undefined) await reservations.release(tx, stored.reservationId, at);
    if (stored.ticketId !== undefined) await tickets.cancel(tx, stored.ticketId, at);
    await log.replace(tx, rowOf(question, decision, at));
  }
}

const nameOf = ({ principal, idempotencyKey }: CheckQuestion): string => `${principal}\n${idempotencyKey}`;

/** What makes two questions the same; not who asks, nor the license that answers. */
export function hashOf({ deploymentId, action, meter, quantity, reserve }: CheckQuestion): string {
  return questionHash({ deploymentId, action, meter, quantity, reserve: reserve === true });
}

export function rowOf(question: CheckQuestion, decision: CheckedDecision, decidedAt: Date): DecisionRow {
  const { deploymentId, action, meter, principal, idempotencyKey: key } = question;
  const { decisionId, outcome, code } = decision;
  return {
    ...{ decisionId, deploymentId, principal, action, outcome, code, decidedAt },
    meter: meter ?? null,
    quantity: meter === undefined ? null : (question.quantity ?? '1'),
    answer: JSON.stringify(decision),
    idempotency: key === undefined ? null : { key, questionHash: hashOf(question) },
  };
}
