import type { Answer, ServiceClient } from '@biplane/testing';
import { insist } from './expect.js';
import type { UsageEvent } from './scenario.js';

const everyMs = 25;
const type = { 'content-type': 'application/cloudevents+json' };

/** One submitter that sends event after event, each until it is taken, and follows its deployment when that has moved. */
export class Traffic {
  readonly accepted: UsageEvent[] = [];
  /** Tries that were asked to come again. */
  paused = 0;
  /** Of the accepted, those by the new home. */
  afterMove = 0;
  private running: Promise<void> | null = null;
  private failure: unknown;
  private isStopped = false;
  private hasMoved = false;

  constructor(
    private client: ServiceClient,
    private readonly event: (id: string) => UsageEvent,
    private readonly newHome: () => Promise<ServiceClient>,
  ) {}

  start(): void {
    this.running = this.run().catch((error: unknown) => {
      this.failure = error;
    });
  }

  /** How many events the new home has taken; throws when the traffic ended by itself. */
  takenByNewHome(): Promise<number> {
    return this.failure === undefined ? Promise.resolve(this.afterMove) : Promise.reject(this.failure as Error);
  }

  /** What was begun is still sent until it is taken. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
    await this.takenByNewHome();
  }

  private async run(): Promise<void> {
    for (let at = 0; !this.isStopped; at += 1) {
      await this.taken(this.event(`moving-${at}`));
      await new Promise((resume) => setTimeout(resume, everyMs));
    }
  }

  private async taken(event: UsageEvent): Promise<void> {
    for (;;) {
      const answer = await this.client.send('POST', '/api/v1/usage', event, type);
      if (answer.status === 202) return this.note(event, answer);
      if (answer.status === 421) {
        this.client = await this.newHome();
        this.hasMoved = true;
      } else {
        insist(answer.status === 503, `202, 503 or 421 to usage, got ${answer.status} ${JSON.stringify(answer.body)}`);
        this.paused += 1;
      }
      await new Promise((resume) => setTimeout(resume, everyMs));
    }
  }

  private note(event: UsageEvent, { body }: Answer): void {
    const { accepted, rejected } = body as { accepted: number; rejected: number };
    insist(accepted === 1 && rejected === 0, `each event to be accepted once, got ${JSON.stringify(body)}`);
    this.accepted.push(event);
    if (this.hasMoved) this.afterMove += 1;
  }
}
