import type { KeyObject } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { parsePlaneEvent, topics } from '@biplane/contracts';
import type { Clock } from '@biplane/kernel';
import {
  LicenseBook,
  verifyKeyStatement,
  type CountedQuestion,
  type CounterReading,
  type Decision,
  type HeldLicense,
  type Instant,
  type Received,
  type TrustedKey,
  type VerifiedLicense,
} from '@biplane/licensing';
import type { BrokerRecord } from '@biplane/messaging';
import { CLOCK, UnitOfWork } from '@biplane/service-kit';
import { LicenseMetrics } from './license.metrics.js';
import { follows } from './domain/followed-license.js';
import { HOME, type HomeIdentity } from './license.ports.js';
import {
  eachLicensePage,
  loadKeyStatements,
  saveKeyStatement,
  saveLicenses,
  type KeyStatementRow,
  type LicenseRow,
} from './license.store.js';

export const ROOT_KEY = Symbol('ROOT_KEY');

/** A record of a license topic: what is wrong with one is told, never thrown, so that it cannot hold up the others. */
export type TopicRecord = Pick<BrokerRecord, 'topic' | 'key' | 'headers' | 'value'>;
export type RecordOutcome = { readonly badRecord: string } | undefined;

export type LicenseListener = (changed: readonly string[]) => void;

/** Licenses waiting for a statement of the database travel together, at most this many. */
const SAVE_MAX = 200;

/**
 * Keeps what the license topics say: in memory at once, for a suspension must hold even while the database is down, and then in the
 * home database, from which the next start serves when no broker answers.
 */
@Injectable()
export class LicenseKeeper {
  private readonly logger = new Logger('Licenses');
  private readonly book: LicenseBook;
  private readonly unsaved = new Map<string, VerifiedLicense>();
  private readonly unsavedKeys = new Map<string, KeyStatementRow>();
  private readonly listeners: LicenseListener[] = [];
  private saving: Promise<void> = Promise.resolve();
  private readAgain: () => void = () => undefined;
  private keysChanged: () => void = () => undefined;
  private hasReadAll: () => boolean = () => true;

  constructor(
    @Inject(HOME) home: HomeIdentity,
    @Inject(ROOT_KEY) private readonly rootKey: KeyObject,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(LicenseMetrics) private readonly metrics: LicenseMetrics,
  ) {
    this.book = new LicenseBook(home.homeId, (claims) => follows(home, claims));
  }

  /** Called with the ids of deployments whose license changed; after a revoked key with those that lost theirs. */
  onChange(listener: LicenseListener): void {
    this.listeners.push(listener);
  }

  /** Called when a key was learnt or revoked. */
  onKeysChange(listener: () => void): void {
    this.keysChanged = listener;
  }

  /** How to read both topics again from their beginning: a revoked key asks for it. */
  onReadAgain(readAgain: () => void): void {
    this.readAgain = readAgain;
  }

  /** How to learn whether the topics have been read to where they ended at the start; without a reader there is nothing to wait for. */
  onAskedForAll(hasReadAll: () => boolean): void {
    this.hasReadAll = hasReadAll;
  }

  /** False: a license may exist of which nothing is held, not even in the database, for it is stored a moment after it is enforced. */
  get holdsAll(): boolean {
    return this.hasReadAll();
  }

  get(deploymentId: string): HeldLicense | undefined {
    return this.book.get(deploymentId);
  }

  own(): HeldLicense[] {
    return this.book.own();
  }

  isOwn(license: HeldLicense): boolean {
    return this.book.isOwn(license);
  }

  /** Placed here or not: a region's pool enrolls the homes of others. */
  all(): HeldLicense[] {
    return this.book.all();
  }

  /** By which licenses are judged; never behind the newest license that was verified. */
  now(): Date {
    return this.book.effectiveNow(this.instant());
  }

  /** What the license of a deployment says to an action, apart from any count: from memory, at once. */
  decide(deploymentId: string, action: string): Decision {
    const nowMs = this.book.effectiveNowMs(this.clock.now().getTime(), performance.now());
    return this.book.decide(deploymentId, action, nowMs);
  }

  /** The same for a use of a meter, by what was counted of it; undefined: the exact way has to be taken. */
  decideCounted(question: CountedQuestion, reading: CounterReading): Decision | undefined {
    const nowMs = this.book.effectiveNowMs(this.clock.now().getTime(), performance.now());
    return this.book.decideCounted(question, reading, nowMs);
  }

  trustedKids(): string[] {
    return this.book.keys.trustedKids();
  }

  get refused(): number {
    return this.book.refused;
  }

  get hasUnsaved(): boolean {
    return this.unsaved.size > 0 || this.unsavedKeys.size > 0;
  }

  /** From the home database, every signature checked again: a row that was changed there does not become a license. */
  async load(): Promise<void> {
    for (const statement of await loadKeyStatements(this.unitOfWork.reader)) {
      const key = verifyKeyStatement(statement, this.rootKey);
      if (key.ok) this.book.learnKey(key.value);
      else this.logger.error({ code: key.error.code }, 'a stored key statement does not verify');
    }
    const restored: string[] = [];
    await eachLicensePage(this.unitOfWork.reader, (rows) => {
      for (const { deploymentId, compact } of rows) {
        const failure = this.book.restore(deploymentId, compact, this.instant());
        if (failure) this.logger.warn({ deploymentId, code: failure.code }, 'a stored license does not verify');
        else restored.push(deploymentId);
      }
    });
    this.changed(restored);
  }

  /** Throws when the database is away: the reader brings the record again. */
  async takeRecord(record: TopicRecord): Promise<RecordOutcome> {
    if (record.value === null) return undefined; // a tombstone takes nothing away: only signed statements and licenses do
    const event = parsePlaneEvent(record.headers, record.value);
    if (!event.ok) return this.refuse(event.error.code);
    const key = record.key?.toString() ?? null;
    if (event.value.name === 'KeyStatement' && record.topic === topics.keys) {
      return this.takeKeyStatement(key, event.value.data.statement);
    }
    if (event.value.name === 'LicenseIssued' && record.topic !== topics.keys) {
      return this.takeLicense(key, event.value.data.deploymentId, event.value.data.license);
    }
    return this.refuse('RECORD.TYPE_UNKNOWN');
  }

  private takeLicense(key: string | null, deploymentId: string, compact: string): RecordOutcome {
    if (key !== deploymentId) return this.refuse('RECORD.KEY_MISMATCH');
    const received = this.book.receive(deploymentId, compact, this.instant());
    this.settle([{ deploymentId, received }]);
    return received.kind === 'refused' ? { badRecord: received.failure.code } : undefined;
  }

  private async takeKeyStatement(recordKey: string | null, compact: string): Promise<RecordOutcome> {
    const verified = verifyKeyStatement(compact, this.rootKey);
    if (!verified.ok) return this.refuse(verified.error.code);
    const { kid } = verified.value;
    if (recordKey !== kid) return this.refuse('RECORD.KEY_MISMATCH');
    if (!this.book.keys.knows(verified.value)) this.takeKey(verified.value, compact);
    if (this.unsavedKeys.has(kid)) await this.save(); // a throw brings the record again
    return undefined;
  }

  /** In memory at once: a stolen key opens nothing more, even while the database is down. */
  private takeKey(key: TrustedKey, compact: string): void {
    const before = this.heldIds();
    const { kid, state } = key;
    this.unsavedKeys.set(kid, { kid, state, statement: compact, receivedAt: this.clock.now() });
    if (this.book.learnKey(key) === 'revoked') this.forgetUnder(kid, before);
    this.keysChanged();
    this.tick();
  }

  private forgetUnder(kid: string, before: readonly string[]): void {
    for (const [deploymentId, license] of this.unsaved) if (license.kid === kid) this.unsaved.delete(deploymentId);
    this.logger.warn({ kid }, 'a signing key is revoked: its licenses are forgotten and the topics read again');
    this.changed(before.filter((deploymentId) => !this.book.get(deploymentId)));
    this.book.restartCount();
    this.readAgain();
  }

  /** What waits for its time or its key is tried again; called each second, and when a key has come. */
  tick(): void {
    if (this.book.waiting > 0) this.settle(this.book.retryWaiting(this.instant()));
  }

  /** Stores what is only in memory. One statement at a time; what fails stays for the next call. */
  async save(): Promise<void> {
    const mine = this.saving.then(() => this.saveUnsaved());
    this.saving = mine.catch(() => undefined);
    return mine;
  }

  /** Keys first: a start without a broker verifies the licenses by them. */
  private async saveUnsaved(): Promise<void> {
    for (const [kid, row] of this.unsavedKeys) {
      await this.unitOfWork.run((tx) => saveKeyStatement(tx, row));
      if (this.unsavedKeys.get(kid) === row) this.unsavedKeys.delete(kid);
    }
    while (this.unsaved.size > 0) {
      const batch = [...this.unsaved].slice(0, SAVE_MAX);
      const rows = batch.map(([deploymentId, license]) => this.rowOf(deploymentId, license));
      await this.unitOfWork.run((tx) => saveLicenses(tx, rows));
      for (const [deploymentId, license] of batch) {
        if (this.unsaved.get(deploymentId) === license) this.unsaved.delete(deploymentId);
      }
    }
  }

  private settle(results: readonly { deploymentId: string; received: Received }[]): void {
    const changed: string[] = [];
    for (const { deploymentId, received } of results) {
      this.metrics.received(received.kind);
      if (received.kind === 'accepted') {
        this.unsaved.set(deploymentId, received.license);
        changed.push(deploymentId);
      } else if (received.kind === 'refused' || received.kind === 'set_aside') {
        this.logger.warn({ deploymentId, code: received.failure.code }, `a license was ${received.kind}`);
      }
    }
    this.changed(changed);
  }

  private changed(deploymentIds: readonly string[]): void {
    if (deploymentIds.length === 0) return;
    this.metrics.holds(this.book.own().length);
    for (const listener of this.listeners) listener(deploymentIds);
  }

  private refuse(code: string): RecordOutcome {
    this.book.countRefusal();
    this.metrics.received('refused');
    return { badRecord: code };
  }

  private heldIds(): string[] {
    return this.book.own().map(({ claims }) => claims.deployment.id);
  }

  private rowOf(deploymentId: string, { claims, kid, compact, version, payloadHash }: VerifiedLicense): LicenseRow {
    return {
      deploymentId,
      tenantId: claims.sub,
      homeId: claims.placement.homeId,
      version,
      jti: claims.jti,
      payloadHash,
      kid,
      compact,
      issuedAt: new Date(claims.iat * 1000),
      receivedAt: this.clock.now(),
    };
  }

  private instant(): Instant {
    return { now: this.clock.now(), monotonicMs: performance.now() };
  }
}
