import { Inject, Injectable, Logger } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { DecisionMetrics, type CheckedDecision } from '@biplane/limits';
import { CLOCK, IdempotencyErrors, IDS, Metrics, UnitOfWork, type Ids, type Principal } from '@biplane/service-kit';
import { LimitEngine } from '../limits/index.js';
import { PresentLicenses, type PresentLicense } from '../licenses/index.js';
import { mayAsk, noDeployment } from './access.js';
import type { CheckBody } from './checks.dto.js';

/** From the question to the answer, all of it. */
export const ANSWER_MS = 250;
/** So much is left for the counters when the license was slow; less would only make a denial of it. */
const COUNTERS_MS_MIN = 25;

/** `POST /subscription/check`: the present license, the counters, and no answer is a denial. */
@Injectable()
export class EntitlementChecks {
  /** Suites that hold something else than the time give more of it: a machine that is busy with others answers late. */
  answerMs = ANSWER_MS;
  private readonly logger = new Logger('EntitlementChecks');
  private readonly metrics: DecisionMetrics;
  private readonly inFlight = new Set<string>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly licenses: PresentLicenses,
    private readonly limits: LimitEngine,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
    metrics: Metrics,
  ) {
    this.metrics = new DecisionMetrics(metrics, 'control');
  }

  async check(body: CheckBody, principal: Principal, idempotencyKey?: string): Promise<CheckedDecision> {
    const startedAtMs = performance.now();
    const release = this.occupy(principal, idempotencyKey);
    try {
      const decision = await this.answer(body, principal, idempotencyKey, startedAtMs);
      this.metrics.decided(decision, (performance.now() - startedAtMs) / 1000);
      return decision;
    } finally {
      release();
    }
  }

  /** The lock in the database decides among all replicas; here those of this process are spared a connection and its time. */
  private occupy({ clientId }: Principal, key: string | undefined): () => void {
    if (key === undefined) return () => undefined;
    const name = `${clientId}\n${key}`;
    if (this.inFlight.has(name)) {
      const detail = 'A check with this key is being answered';
      throw new RefusalError(IdempotencyErrors.IN_FLIGHT({ detail, retryAfterSeconds: 1 }));
    }
    this.inFlight.add(name);
    return () => void this.inFlight.delete(name);
  }

  private async answer(
    body: CheckBody,
    principal: Principal,
    idempotencyKey: string | undefined,
    startedAtMs: number,
  ): Promise<CheckedDecision> {
    const deploymentId = body.deploymentId.toLowerCase();
    const present = await this.present(deploymentId);
    if (present === undefined) return this.unavailable();
    if (present === null || !mayAsk(principal, present.tenantId)) throw noDeployment(deploymentId);
    const left = this.answerMs - (performance.now() - startedAtMs);
    if (left < COUNTERS_MS_MIN) return this.unavailable();
    return this.limits.decider.check({
      ...body,
      deploymentId,
      license: present.claims,
      principal: principal.clientId,
      idempotencyKey,
      answerMs: left,
    });
  }

  /** Undefined when it cannot be told in time. */
  private async present(deploymentId: string): Promise<PresentLicense | null | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.answerMs - COUNTERS_MS_MIN);
    });
    const read = this.licenses.of(this.unitOfWork.reader, deploymentId).catch((err: unknown) => {
      if (err instanceof RefusalError) throw err;
      this.logger.warn({ err }, 'the license could not be read');
      return undefined;
    });
    try {
      return await Promise.race([read, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Says nothing of the deployment, not even whether there is one: nobody knows whose it is. Not kept under any key. */
  private unavailable(): CheckedDecision {
    return {
      outcome: 'deny',
      isAllowed: false,
      code: 'ENTITLEMENT.UNAVAILABLE',
      reason: 'The check could not be answered in time, and what is not answered is denied',
      behavior: null,
      limit: null,
      used: null,
      remaining: null,
      retryAt: null,
      licenseVersion: null,
      asOf: this.clock.now().toISOString(),
      stale: false,
      warnings: [],
      decisionId: this.ids.uuid(),
    };
  }
}
