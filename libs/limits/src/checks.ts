import type { Tx } from '@biplane/service-kit';
import type { Decision } from '@biplane/licensing';
import type { CheckDecisions } from './check-decisions.js';
import { answerWithin, type Deadline } from './deadline.js';
import type { EngineParts } from './engine-parts.js';
import { hashOf, rowOf, type KeyedAnswers } from './keyed-answers.js';
import type { CheckedDecision, CheckQuestion } from './questions.js';

const ANSWER_MS = 250;
/** Once decided under a key and about to be committed, an answer is waited for this much longer. */
const COMMIT_MS = 1_000;

/** Thrown to roll back what nobody waits for any more. */
class Abandoned extends Error {}

interface Answer {
  readonly decision: CheckedDecision;
  /** False: it was given before, under its key. */
  readonly isNew: boolean;
}

/** Answers that a caller acts upon later: with an id, kept under a key, with a reservation or a ticket. */
export class Checks {
  constructor(
    private readonly parts: EngineParts & { readonly keyed: KeyedAnswers; readonly decisions: CheckDecisions },
  ) {}

  /** Refuses (RefusalError) METER.UNKNOWN, METER.WRONG_PLANE, IDEMPOTENCY.KEY_REUSED and IDEMPOTENCY.IN_FLIGHT; else it answers. */
  async check(question: CheckQuestion): Promise<CheckedDecision> {
    const { options, log, decisions } = this.parts;
    const startedAt = performance.now();
    if (question.reserve === true) decisions.refuseWrongReservation(question);
    const { decision, isNew } = await this.inTime(question, options.ids.uuid());
    if (!isNew) question.repeated?.();
    else if (decision.isAllowed) {
      const { deploymentId, action, meter } = question;
      log.countAllowed(deploymentId, action, meter, options.clock.now());
    }
    options.metrics?.decided(decision, (performance.now() - startedAt) / 1000);
    return decision;
  }

  private async inTime(question: CheckQuestion, decisionId: string): Promise<Answer> {
    const { options, keyed, decisions } = this.parts;
    const hasKey = question.idempotencyKey !== undefined;
    const told = hasKey ? keyed.told(question) : undefined;
    if (told !== undefined) return { decision: told, isNew: false };
    const answer = await answerWithin(
      question.answerMs ?? options.answerMs ?? ANSWER_MS,
      (deadline) => this.answer(question, decisionId, deadline),
      (error) => error instanceof Abandoned || options.onError?.(error),
      COMMIT_MS,
    );
    if (answer !== undefined) return answer;
    const decision = { ...decisions.withoutCounts(question), decisionId };
    if (hasKey) keyed.tell(question, decision);
    return { decision, isNew: true };
  }

  private answer(question: CheckQuestion, decisionId: string, deadline: Deadline): Promise<Answer> {
    if (question.idempotencyKey !== undefined) return this.answerUnderKey(question, decisionId, deadline);
    const limits = this.parts.decisions.limitsOf(question);
    const writes =
      question.reserve === true || limits.some(({ strategy }) => strategy === 'queue' || strategy === 'throttle');
    return writes
      ? this.answerInTransaction(question, decisionId, deadline)
      : this.read(question, decisionId, deadline);
  }

  private async read(question: CheckQuestion, decisionId: string, deadline: Deadline): Promise<Answer> {
    const { reader } = this.parts.options.unitOfWork;
    const decision = await this.decideAndRecord(reader, question, decisionId, deadline);
    await this.watch(question, decision);
    return { decision, isNew: true };
  }

  private async answerInTransaction(question: CheckQuestion, decisionId: string, deadline: Deadline): Promise<Answer> {
    const { unitOfWork } = this.parts.options;
    const decision = await unitOfWork.run((tx) => this.decideAndRecord(tx, question, decisionId, deadline));
    await this.watch(question, decision);
    // Committed, but told to nobody: what it holds would wait for its expiry.
    if (deadline.isOver()) await this.undo(decision);
    return { decision, isNew: true };
  }

  /** What is committed under the key is what is told: from its commit on the answer is waited for. */
  private async answerUnderKey(question: CheckQuestion, decisionId: string, deadline: Deadline): Promise<Answer> {
    const { options, log, keyed } = this.parts;
    const { principal, idempotencyKey: key = '' } = question;
    try {
      const answer = await options.unitOfWork.run(async (tx): Promise<Answer> => {
        const stored = await log.stored(tx, principal, key, hashOf(question));
        if (stored !== null) return { decision: JSON.parse(stored) as CheckedDecision, isNew: false };
        const decision = await this.decideAndRecord(tx, question, decisionId, deadline);
        if (!deadline.keep()) throw new Abandoned();
        return { decision, isNew: true };
      });
      if (answer.isNew) void this.watch(question, answer.decision);
      return answer;
    } finally {
      // Something else was told meanwhile, which waits for this work to let go of the key.
      if (deadline.isOver()) await keyed.store();
    }
  }

  private async decideAndRecord(
    tx: Tx,
    question: CheckQuestion,
    decisionId: string,
    deadline: Deadline,
  ): Promise<CheckedDecision> {
    const { options, log, decisions } = this.parts;
    const now = options.clock.now();
    const decision = { ...(await decisions.decide(tx, question, now)), decisionId };
    if (deadline.isOver()) throw new Abandoned();
    if (!decision.isAllowed || question.idempotencyKey !== undefined) {
      await this.inTransaction(tx, async (own) => {
        await log.record(own, rowOf(question, decision, now));
        if (!decision.isAllowed) await options.onRefused?.(own, { question, decision, at: now });
        if (deadline.isOver()) throw new Abandoned();
      });
    }
    if (deadline.isOver()) throw new Abandoned();
    return decision;
  }

  /** What only read so far writes in a transaction of its own: a refusal and what is told of it stand together. */
  private async inTransaction(tx: Tx, work: (own: Tx) => Promise<void>): Promise<void> {
    const { unitOfWork } = this.parts.options;
    await (tx === unitOfWork.reader ? unitOfWork.run(work) : work(tx));
  }

  /** What was found out in passing is told; a failure to do so is no answer's business. */
  private async watch({ license, meter }: CheckQuestion, decision: Decision): Promise<void> {
    const isNear = [decision, ...decision.warnings].some(({ code }) => code?.startsWith('LIMIT.'));
    if (!isNear || license === null || meter === undefined) return;
    const { options, watch } = this.parts;
    try {
      await options.unitOfWork.run((tx) => watch.passed(tx, license, meter, options.clock.now()));
    } catch (error) {
      options.onError?.(error);
    }
  }

  private async undo({ reservationId, ticketId }: CheckedDecision): Promise<void> {
    const { options, reservations, tickets } = this.parts;
    const now = options.clock.now();
    await options.unitOfWork.run(async (tx) => {
      if (reservationId !== undefined) await reservations.release(tx, reservationId, now);
      if (ticketId !== undefined) await tickets.cancel(tx, ticketId, now);
    });
  }
}
