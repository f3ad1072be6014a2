import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK } from '../clock/clocks.js';
import type { Tx } from '../database/tx.js';
import { UnitOfWork, type TransactionOptions } from '../database/unit-of-work.js';
import { IdempotencyErrors } from './idempotency.errors.js';
import type { IdempotentRequest } from './idempotency-key.decorator.js';
import { findAnswer, lockKey, saveAnswer, type StoredRow } from './idempotency.store.js';
import { StoredAnswer, toJson, withoutSecrets, type Answer } from './stored-answer.js';

const KEEP_MS = 24 * 3_600_000;

/** Executes a POST once per key: its effects and its answer are committed together, or not at all. */
@Injectable()
export class IdempotencyService {
  // Spares a connection for those of this process; the lock in the database decides among all.
  private readonly inFlight = new Set<string>();

  constructor(
    @Inject(UnitOfWork) private readonly unitOfWork: Pick<UnitOfWork, 'run'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Runs `work` in one transaction with the stored answer. A refusal (RefusalError) rolls back and stores nothing, so
   * the same key may succeed later. Refuses with IDEMPOTENCY.IN_FLIGHT and IDEMPOTENCY.KEY_REUSED.
   */
  async run(
    request: IdempotentRequest,
    work: (tx: Tx) => Promise<Answer>,
    options: TransactionOptions = {},
  ): Promise<StoredAnswer> {
    const name = `${request.principal}\n${request.key}`;
    if (this.inFlight.has(name)) throw inFlight();
    this.inFlight.add(name);
    try {
      return await this.unitOfWork.run((tx) => this.once(tx, request, work), options);
    } finally {
      this.inFlight.delete(name);
    }
  }

  /** The same when the request may have no key: then the work runs in its transaction, and its answer is not stored. */
  async maybe(
    request: IdempotentRequest | null,
    work: (tx: Tx) => Promise<Answer>,
    options: TransactionOptions = {},
  ): Promise<StoredAnswer> {
    if (request !== null) return this.run(request, work, options);
    const { status, body, headers } = await this.unitOfWork.run(work, options);
    return new StoredAnswer(status, toJson(body), headers ?? {}, false);
  }

  private async once(tx: Tx, request: IdempotentRequest, work: (tx: Tx) => Promise<Answer>): Promise<StoredAnswer> {
    if (!(await lockKey(tx, request))) throw inFlight();
    const createdAt = this.clock.now();
    const stored = await findAnswer(tx, request, createdAt);
    if (stored !== null) return replay(request, stored);
    const answer = await work(tx);
    const headers = answer.headers ?? {};
    const body = withoutSecrets(answer.body, answer.secretPointers ?? []);
    const expiresAt = new Date(createdAt.getTime() + KEEP_MS);
    await saveAnswer(tx, request, { status: answer.status, body, headers }, { createdAt, expiresAt });
    return new StoredAnswer(answer.status, toJson(answer.body), headers, false);
  }
}

function replay(request: IdempotentRequest, stored: StoredRow): StoredAnswer {
  const same = stored.method === request.method && stored.path === request.path && stored.bodyHash === request.bodyHash;
  if (same) return new StoredAnswer(stored.status, stored.body, stored.headers, true);
  const detail = 'The key belongs to a request with another body, method or path';
  throw new RefusalError(IdempotencyErrors.KEY_REUSED({ detail }));
}

function inFlight(): RefusalError {
  const detail = 'A request with this key is being answered';
  return new RefusalError(IdempotencyErrors.IN_FLIGHT({ detail, retryAfterSeconds: 1 }));
}
