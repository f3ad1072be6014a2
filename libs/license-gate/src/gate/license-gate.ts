import type { KeyObject } from 'node:crypto';
import type { Clock } from '@biplane/kernel';
import { decide, limitsOf, type Decision, type LicenseClaims } from '@biplane/licensing';
import type { Registry } from 'prom-client';
import type { LicenseFeed } from '../feeds/license-feed.js';
import { GateMetrics } from './gate.metrics.js';
import { LicenseCache } from './license-cache.js';
import { LicenseShelf } from './license-shelf.js';
import type { CountedDecision, LimitCounter, LimitQuestion } from './limit-counter.js';
import { mayServe } from './readiness.js';
import { systemClock } from '../system-clock.js';

export interface LicenseGateOptions {
  /** The trust root: see `readRootKey`. */
  readonly rootKey: KeyObject;
  readonly feed: LicenseFeed;
  readonly clock?: Clock;
  /** Asked about limits. Without one no limit has a count: hard ones deny, see the README. */
  readonly counter?: LimitCounter;
  /** The home that this service stands beside: deployments placed elsewhere are then refused with 421. */
  readonly homeId?: string;
  /** Keeps the licenses for a start without the feed, and their versions past a restart. One process each. */
  readonly cacheFolder?: string;
  readonly registry?: Registry;
  readonly warn?: (message: string, details: object) => void;
}

export interface Use {
  readonly meter: string;
  /** Decimal string, not negative; "1" when absent. */
  readonly quantity?: string;
  /** Holds the quantity at the home until it is confirmed, released or expires: nobody else can pass the limit meanwhile. */
  readonly reserve?: boolean;
  readonly idempotencyKey?: string;
}

export interface GateStatus {
  readonly ready: boolean;
  readonly connected: boolean;
  readonly licensesHeld: number;
  readonly trustedKids: readonly string[];
  /** Records of this reading of the feed that were bad. */
  readonly refused: number;
  readonly waiting: number;
  /** A license has been kept aside for a minute: its key statement is missing, or a clock is wrong. */
  readonly isWaitingLong: boolean;
}

/** A count that does not come in this time is no count. */
export const COUNTER_MS_MAX = 250;
const TICK_MS = 1_000;
export const WAITING_ALARM_MS = 60_000;

/** What the licenses of a feed allow, answered from memory. */
export class LicenseGate {
  private readonly clock: Clock;
  private readonly metrics: GateMetrics;
  private readonly shelf: LicenseShelf;
  private readonly listeners = new Set<(deploymentIds: readonly string[]) => void>();
  private cache: LicenseCache | undefined;
  private timer: NodeJS.Timeout | undefined;
  private startedAtMs: number | undefined;
  private waitingSince: Date | undefined;
  private hasAlarmed = false;

  constructor(private readonly options: LicenseGateOptions) {
    this.clock = options.clock ?? systemClock;
    this.metrics = new GateMetrics(options.registry);
    this.shelf = new LicenseShelf({
      rootKey: options.rootKey,
      clock: this.clock,
      metrics: this.metrics,
      homeId: options.homeId,
      readAgain: () => options.feed.readAgain(),
      onChange: (deploymentIds) => this.changed(deploymentIds),
      warn: (message, details) => this.warn(message, details),
    });
    this.metrics.observe({
      licensesHeld: () => this.shelf.book.own().length,
      waiting: () => this.shelf.book.waiting,
      waitingSeconds: () => this.waitingMs() / 1000,
    });
  }

  /** Serves what the cache folder holds, then begins to read the feed. Throws when the folder cannot be used, and may be tried again. */
  async start(): Promise<void> {
    if (this.startedAtMs !== undefined) return;
    this.startedAtMs = performance.now();
    try {
      await this.openCache();
    } catch (error) {
      this.startedAtMs = undefined;
      throw error;
    }
    this.options.feed.start(this.shelf);
    this.timer = setInterval(() => void this.tick(), TICK_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.options.feed.stop();
    try {
      await this.flush();
    } finally {
      await this.cache?.close();
    }
  }

  /** May this deployment do this? From memory, at once, never a network call. Throws only when asked for no deployment at all. */
  check(deploymentId: string, action: string): Decision;
  /** The same with a limit: its count is asked of the home. What cannot be known in 250 ms is decided by the limit's strategy. */
  check(deploymentId: string, action: string, use: Use): Promise<CountedDecision>;
  check(deploymentId: string, action: string, use?: Use): Decision | Promise<CountedDecision> {
    // Not a refusal but a bug: a question for nobody in particular would be answered by anybody's license.
    if (typeof deploymentId !== 'string' || deploymentId === '') {
      throw new TypeError('A check needs the deployment that it is for');
    }
    if (use !== undefined) return this.checkUse(deploymentId, action, use);
    return this.counted(this.decide(deploymentId, action));
  }

  /** The newest verified license, whatever its state: flags, plan, calendar, tenant. Decisions are made by `check` alone. */
  licenseOf(deploymentId: string): LicenseClaims | undefined {
    return this.shelf.get(deploymentId)?.claims;
  }

  /** By which licenses are judged: never behind the newest license that was verified. */
  now(): Date {
    return this.shelf.book.effectiveNow(this.shelf.instant());
  }

  /** Whether requests may come: the feed is read, or it is away and licenses are held. */
  ready(): boolean {
    const { feed } = this.options;
    return mayServe({
      hasReadAll: feed.ready,
      hasBrokerAnswered: feed.connected,
      runningMs: this.startedAtMs === undefined ? 0 : performance.now() - this.startedAtMs,
      licensesHeld: this.shelf.book.own().length,
    });
  }

  /** Resolves when everything that the feed held at the start has been read. */
  whenRead(): Promise<void> {
    return this.options.feed.whenReady();
  }

  /** Throws when a restart of the process would help. A feed that is away never does that. */
  checkLiveness(): Promise<void> {
    return this.options.feed.checkLiveness();
  }

  /** Called with the deployments whose license changed, those that lost it included. Returns how to stop listening. */
  onChange(listener: (deploymentIds: readonly string[]) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  status(): GateStatus {
    const { book } = this.shelf;
    return {
      ready: this.ready(),
      connected: this.options.feed.connected,
      licensesHeld: book.own().length,
      trustedKids: book.keys.trustedKids(),
      refused: book.refused,
      waiting: book.waiting,
      isWaitingLong: this.waitingMs() >= WAITING_ALARM_MS,
    };
  }

  /** Waits until what is in memory is in the cache folder too. */
  flush(): Promise<void> {
    return this.shelf.save();
  }

  /** What waits is tried again and what is unsaved is saved. The gate itself calls it each second. */
  async tick(): Promise<void> {
    this.shelf.tick();
    if (this.shelf.book.waiting === 0) {
      this.waitingSince = undefined;
      this.hasAlarmed = false;
    } else this.waitingSince ??= this.clock.now();
    if (!this.hasAlarmed && this.waitingMs() >= WAITING_ALARM_MS) {
      this.hasAlarmed = true;
      this.warn('a license has waited a minute for its key or its time', { waiting: this.shelf.book.waiting });
    }
    await this.shelf.save().catch((error: unknown) => this.warn('licenses were not kept', { error }));
  }

  private async openCache(): Promise<void> {
    if (this.options.cacheFolder === undefined) return;
    const cache = await LicenseCache.open(this.options.cacheFolder);
    try {
      await this.shelf.load(cache);
      this.cache = cache;
    } catch (error) {
      await cache.close();
      throw error;
    }
  }

  private async checkUse(deploymentId: string, action: string, use: Use): Promise<CountedDecision> {
    const { meter, quantity = '1', reserve = false } = use;
    // Without counts: what the license refuses anyway, what has no limit, and what holds when nobody answers.
    const license = this.licenseOf(deploymentId);
    const { homeId } = this.options;
    const alone = decide({ license, deploymentId, homeId, action, meter, quantity, now: this.now() });
    const isLicensed = this.decide(deploymentId, action).isAllowed;
    const mustAsk =
      license &&
      isLicensed &&
      (reserve || limitsOf(license, action, meter).some(({ strategy }) => strategy !== 'allow'));
    if (!mustAsk || !this.options.counter) return this.counted(alone);
    const answer = await this.ask(this.options.counter, { deploymentId, action, ...use, quantity });
    return this.counted(answer ?? alone);
  }

  private async ask(counter: LimitCounter, question: LimitQuestion): Promise<CountedDecision | undefined> {
    const ending = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${COUNTER_MS_MAX} ms`)), COUNTER_MS_MAX);
    });
    try {
      return await Promise.race([counter.ask(question, ending.signal), late]);
    } catch (error) {
      this.metrics.noAnswer();
      const { deploymentId, meter } = question;
      this.warn('the count of a limit did not come', { deploymentId, meter, error });
      return undefined;
    } finally {
      clearTimeout(timer);
      ending.abort();
    }
  }

  private decide(deploymentId: string, action: string): Decision {
    const { book } = this.shelf;
    return book.decide(deploymentId, action, book.effectiveNowMs(this.clock.now().getTime(), performance.now()));
  }

  private changed(deploymentIds: readonly string[]): void {
    for (const listener of this.listeners) listener(deploymentIds);
  }

  private counted<D extends Decision>(decision: D): D {
    this.metrics.decided(decision.outcome, decision.isAllowed, decision.code);
    return decision;
  }

  private waitingMs(): number {
    return this.waitingSince ? this.clock.now().getTime() - this.waitingSince.getTime() : 0;
  }

  private warn(message: string, details: object): void {
    this.options.warn?.(message, details);
  }
}

export function createLicenseGate(options: LicenseGateOptions): LicenseGate {
  return new LicenseGate(options);
}
