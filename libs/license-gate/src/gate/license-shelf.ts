import type { KeyObject } from 'node:crypto';
import type { Clock } from '@biplane/kernel';
import { LicenseBook, verifyKeyStatement, type HeldLicense, type Instant, type Received } from '@biplane/licensing';
import type { LicenseSink, RecordOutcome } from '../feeds/license-feed.js';
import type { GateMetrics } from './gate.metrics.js';
import type { LicenseCache } from './license-cache.js';

export interface ShelfOptions {
  readonly rootKey: KeyObject;
  readonly clock: Clock;
  readonly metrics: GateMetrics;
  readonly homeId: string | undefined;
  /** Reads the feed again from its beginning. */
  readonly readAgain: () => void;
  readonly onChange: (deploymentIds: readonly string[]) => void;
  readonly warn: (message: string, details: object) => void;
}

const SAVE_MAX = 200;

/** What the feed brought and the book accepted: in memory at once, and in the cache folder when there is one. */
export class LicenseShelf implements LicenseSink {
  readonly book: LicenseBook;
  private cache: LicenseCache | undefined;
  private readonly unsaved = new Map<string, { compact: string; kid: string }>();
  private readonly unsavedStatements = new Map<string, string>();
  private saving: Promise<void> = Promise.resolve();

  constructor(private readonly options: ShelfOptions) {
    this.book = new LicenseBook(options.homeId);
  }

  instant(): Instant {
    return { now: this.options.clock.now(), monotonicMs: performance.now() };
  }

  /** Serves what was kept, every signature checked again: a file that was changed does not become a license. */
  async load(cache: LicenseCache): Promise<void> {
    this.cache = cache;
    for (const statement of await cache.statements()) {
      const key = verifyKeyStatement(statement, this.options.rootKey);
      if (key.ok) this.book.learnKey(key.value);
      else this.options.warn('a kept key statement does not verify', { code: key.error.code });
    }
    const restored: string[] = [];
    for await (const { deploymentId, compact } of cache.licenses()) {
      const failure = this.book.restore(deploymentId, compact, this.instant());
      if (failure) this.options.warn('a kept license does not verify', { deploymentId, code: failure.code });
      else restored.push(deploymentId);
    }
    this.changed(restored);
  }

  takeLicense(deploymentId: string, compact: string): RecordOutcome {
    const received = this.book.receive(deploymentId, compact, this.instant());
    this.settle([{ deploymentId, received }]);
    return received.kind === 'refused' ? { badRecord: received.failure.code } : undefined;
  }

  async takeKeyStatement(said: string | null, statement: string): Promise<RecordOutcome> {
    const verified = verifyKeyStatement(statement, this.options.rootKey);
    if (!verified.ok) return this.refuse(verified.error.code);
    const { kid } = verified.value;
    if (said !== kid) return this.refuse('RECORD.KEY_MISMATCH');
    if (this.book.keys.knows(verified.value)) return undefined;
    const before = this.book.own().map(({ claims }) => claims.deployment.id);
    const outcome = this.book.learnKey(verified.value);
    if (this.cache) this.unsavedStatements.set(kid, statement);
    // Whatever the disk says: a stolen key opens nothing more. What is not saved yet is tried again each second.
    if (outcome === 'revoked') await this.forgetUnder(kid, before);
    else await this.save().catch((error: unknown) => this.options.warn('a key statement was not kept', { kid, error }));
    this.tick();
    return undefined;
  }

  refuse(code: string): RecordOutcome {
    this.book.countRefusal();
    this.options.metrics.received('refused');
    return { badRecord: code };
  }

  /** What waits for its time or its key is tried again. */
  tick(): void {
    if (this.book.waiting > 0) this.settle(this.book.retryWaiting(this.instant()));
  }

  /** One at a time; what fails stays for the next call. */
  save(): Promise<void> {
    const mine = this.saving.then(() => this.saveUnsaved());
    this.saving = mine.catch(() => undefined);
    return mine;
  }

  get(deploymentId: string): HeldLicense | undefined {
    return this.book.get(deploymentId);
  }

  private async saveStatements(): Promise<void> {
    for (const [kid, statement] of this.unsavedStatements) {
      await this.cache?.saveStatement(kid, statement);
      if (this.unsavedStatements.get(kid) === statement) this.unsavedStatements.delete(kid);
    }
  }

  private async saveUnsaved(): Promise<void> {
    await this.saveStatements();
    while (this.cache && this.unsaved.size > 0) {
      const batch = [...this.unsaved].slice(0, SAVE_MAX);
      await this.cache.saveLicenses(batch.map(([deploymentId, { compact }]) => ({ deploymentId, compact })));
      for (const [deploymentId, license] of batch) {
        if (this.unsaved.get(deploymentId) === license) this.unsaved.delete(deploymentId);
      }
    }
  }

  private async forgetUnder(kid: string, before: readonly string[]): Promise<void> {
    for (const [deploymentId, license] of this.unsaved) if (license.kid === kid) this.unsaved.delete(deploymentId);
    const lost = before.filter((deploymentId) => !this.book.get(deploymentId));
    this.options.warn('a signing key is revoked: its licenses are forgotten and the feed is read again', { kid });
    this.changed(lost);
    this.book.restartCount();
    this.options.readAgain();
    // A file that stays behind restores nothing: its key is revoked.
    await this.save().catch(() => undefined);
    await this.cache
      ?.removeLicenses(lost.filter((deploymentId) => !this.book.get(deploymentId)))
      .catch(() => undefined);
  }

  private settle(results: readonly { deploymentId: string; received: Received }[]): void {
    const changed: string[] = [];
    for (const { deploymentId, received } of results) {
      this.options.metrics.received(received.kind);
      if (received.kind === 'accepted') {
        const { compact, kid } = received.license;
        if (this.cache) this.unsaved.set(deploymentId, { compact, kid });
        changed.push(deploymentId);
      } else if (received.kind === 'refused' || received.kind === 'set_aside') {
        this.options.warn(`a license was ${received.kind}`, { deploymentId, code: received.failure.code });
      }
    }
    this.changed(changed);
  }

  private changed(deploymentIds: readonly string[]): void {
    if (deploymentIds.length > 0) this.options.onChange(deploymentIds);
  }
}
