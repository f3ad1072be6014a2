import { randomUUID } from 'node:crypto';
import { SystemClock } from '@biplane/service-kit';
import { usageEvent } from './usage-rig.js';
import type { MoveScene } from './move-scene.js';

const RETRY_MS = 25;

/** A submitter that sends an event again until it has an answer, and follows a deployment that has moved. */
export class UsageLoad {
  /** What was answered as accepted or as known, by id. */
  readonly accepted = new Map<string, object>();
  readonly failures: string[] = [];
  /** The longest time in which nothing was taken. */
  longestPauseMs = 0;
  private lastAt = performance.now();
  private isStopped = false;
  private isAbandoned = false;
  private workers: Promise<void>[] = [];
  private readonly startedAt = performance.now();

  constructor(
    private readonly scene: MoveScene,
    private url: string,
    private readonly perSecond: number,
  ) {}

  start(workers = 8): this {
    const everyMs = (1_000 * workers) / this.perSecond;
    this.workers = Array.from({ length: workers }, () => this.work(everyMs));
    return this;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all(this.workers);
  }

  /** After a failure: nobody waits for what was not taken. */
  abandon(): void {
    this.isStopped = true;
    this.isAbandoned = true;
  }

  get rate(): number {
    return (this.accepted.size * 1_000) / (performance.now() - this.startedAt);
  }

  private async work(everyMs: number): Promise<void> {
    while (!this.isStopped) {
      const nextAt = performance.now() + everyMs;
      await this.submit(usageEvent(this.scene.deploymentId, event(randomUUID())));
      await pause(Math.max(0, nextAt - performance.now()));
    }
  }

  /** Until it is taken: what was not answered may have been taken, and is sent again under its id. */
  private async submit(body: object): Promise<void> {
    while (!this.isAbandoned) {
      const answer = await this.scene.call(this.url, '/api/v1/usage', body).catch(() => null);
      const item = (answer?.body['results'] as { id: string; status: string; code?: string }[] | undefined)?.[0];
      if (answer?.status === 202 && item && item.status !== 'rejected') return this.took(item.id, body);
      if (answer?.status === 421) this.url = String(answer.body['url'] ?? this.url);
      else if (item !== undefined) this.failures.push(item.code ?? 'rejected');
      else if (answer !== null && answer.status < 500 && answer.status !== 401)
        this.failures.push(String(answer.status));
      if (answer?.status === 401) this.scene.forgetTokens();
      await pause(RETRY_MS);
    }
  }

  private took(id: string, body: object): void {
    const now = performance.now();
    this.longestPauseMs = Math.max(this.longestPauseMs, now - this.lastAt);
    this.lastAt = now;
    this.accepted.set(id, body);
  }
}

const clock = new SystemClock();
const event = (id: string) => ({ id, time: clock.now().toISOString(), quantity: '1', meter: 'droplet_hours' });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
