import { Inject, Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, IDS, JobRunner, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { jobActor } from '../audit/index.js';
import { DeliveriesStore } from './deliveries.store.js';
import type { AttemptOutcome, Claim } from './delivery.js';
import { DISABLE_AFTER_MS, nextAttemptAt } from './domain/retry-schedule.js';
import type { DisabledBecause } from './endpoint.js';
import { EndpointsService } from './endpoints.service.js';
import { EndpointsStore } from './endpoints.store.js';
import { WebhookSender, type Attempt } from './sending/webhook-sender.js';
import { signedHeaders } from './sending/signature.js';
import { WebhookMetrics } from './webhook-metrics.js';

const EVERY_MS = 500;
/** At once in this process. */
const IN_FLIGHT_MAX = 64;
/** At once for one endpoint. */
const PER_ENDPOINT = 4;
/** Longer than an attempt can take; what a killed process held is free again after it. */
const LEASE_MS = 30_000;
const ACTOR = jobActor('webhook-deliveries');
const GONE = 410;

/** Delivers what is due. A run only starts attempts: a receiver that is slow holds up neither the next run nor other receivers. */
@Injectable()
export class WebhookDispatcher implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('Webhooks');
  private readonly inFlight = new Set<Promise<void>>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly jobs: JobRunner,
    private readonly unitOfWork: UnitOfWork,
    private readonly deliveries: DeliveriesStore,
    private readonly endpoints: EndpointsStore,
    private readonly endpointsService: EndpointsService,
    private readonly sender: WebhookSender,
    private readonly metrics: WebhookMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'webhook-deliveries', everyMs: EVERY_MS, run: (now) => this.start(now) });
  }

  /** Attempts in flight are broken off and given back: whether the receiver had it is not known, so it gets it again. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.inFlight);
  }

  private async start(now: Date): Promise<void> {
    const take = IN_FLIGHT_MAX - this.inFlight.size;
    if (take <= 0 || this.stopping.signal.aborted) return;
    const limits = { take, perEndpoint: PER_ENDPOINT, leaseMs: LEASE_MS };
    for (const claim of await this.unitOfWork.run((tx) => this.deliveries.claim(tx, now, limits))) {
      const attempt: Promise<void> = this.deliver(claim)
        .catch((error: unknown) =>
          this.logger.error({ err: error, deliveryId: claim.id }, 'an attempt was not recorded'),
        )
        .finally(() => this.inFlight.delete(attempt));
      this.inFlight.add(attempt);
    }
  }

  private async deliver(claim: Claim): Promise<void> {
    const endpoint = await this.endpoints.find(this.unitOfWork.reader, claim.endpointId);
    if (endpoint === null) return; // deleted meanwhile, and its deliveries with it
    const at = this.clock.now();
    const message = { id: claim.eventId, at, payload: claim.payload };
    const headers = signedHeaders(this.endpointsService.secretsOf(endpoint, at), message);
    faultPoint('webhook.before_send');
    const attempt = await this.sender.send(endpoint.url, headers, claim.payload, this.stopping.signal);
    faultPoint('webhook.after_send');
    if (this.stopping.signal.aborted && !attempt.delivered) {
      return this.unitOfWork.run((tx) => this.deliveries.giveBack(tx, claim));
    }
    this.metrics.attempts.inc({ result: attempt.error ?? 'DELIVERED' });
    await this.unitOfWork.run((tx) => this.record(tx, claim, attempt, at));
  }

  private async record(tx: Tx, claim: Claim, attempt: Attempt, at: Date): Promise<void> {
    const { status, error, durationMs, response } = attempt;
    const outcome: AttemptOutcome = { at, status, error, durationMs, response };
    if (attempt.delivered) {
      await this.deliveries.delivered(tx, claim, outcome);
      await this.endpoints.noteSuccess(tx, claim.endpointId);
      return;
    }
    const random = (this.ids.random(1)[0] ?? 0) / 256;
    const dueAt = nextAttemptAt(claim.attempts, this.clock.now(), claim.giveUpAt, random);
    await this.deliveries.failed(tx, claim, outcome, dueAt);
    const since = await this.endpoints.noteFailure(tx, claim.endpointId, at);
    if (since === null) return;
    const because = reasonToDisable(status, since, at);
    if (because !== null) await this.endpointsService.setState(tx, claim.endpointId, because, ACTOR);
  }
}

/** The receiver says that it is gone for good, or nothing has come through for days. */
function reasonToDisable(status: number | null, failingSince: Date, now: Date): DisabledBecause | null {
  if (status === GONE) return 'GONE';
  return now.getTime() - failingSince.getTime() >= DISABLE_AFTER_MS ? 'FAILING' : null;
}
