import { performance } from 'node:perf_hooks';
import type { KeyObject } from 'node:crypto';
import { licensesDigest, topics, type InstanceStatus } from '@biplane/contracts';
import { LicenseBook, verifyKeyStatement, type Received } from '@biplane/licensing';
import {
  eventRecord,
  LicenseTopicReader,
  type Broker,
  type BrokerProducer,
  type BrokerRecord,
} from '@biplane/messaging';

export interface ListeningHomeOptions {
  readonly broker: Broker;
  readonly region: string;
  readonly homeId: string;
  readonly instanceId: string;
  readonly rootPublicKey: KeyObject;
  readonly clock: { now(): Date };
  readonly newId: () => string;
}

/** One replica of a home as far as licenses go: the book that every home keeps, fed from the topics, answering with its status. */
export class ListeningHome {
  readonly book: LicenseBook;
  /** What it did not take at once: refused, or kept aside until a key or a time comes. */
  readonly notTaken: Extract<Received, { kind: 'refused' | 'set_aside' }>[] = [];
  /** While true, what the root says of keys is kept back, as by a slow topic. */
  holdsKeysBack = false;
  private readonly reader: LicenseTopicReader;
  private readonly producer: BrokerProducer;
  private readonly heldBack: string[] = [];
  /** Statuses leave one after the other. */
  private reports: Promise<void> = Promise.resolve();
  private isReportDue = false;

  constructor(private readonly options: ListeningHomeOptions) {
    const { broker, region, homeId, instanceId } = options;
    this.book = new LicenseBook(homeId);
    this.producer = broker.producer();
    this.reader = new LicenseTopicReader({
      broker,
      groupId: `tenant-api.${region}.${instanceId}`,
      topics: [topics.keys, topics.issued(region)],
      onRecord: (record) => this.take(record),
    });
  }

  async start(): Promise<void> {
    this.reader.start();
    await this.reader.whenReady();
    this.retry();
    await this.report();
  }

  releaseKeys(): void {
    this.holdsKeysBack = false;
    for (const statement of this.heldBack.splice(0)) this.learn(statement);
    this.retry();
    this.answer();
  }

  versions(): Map<string, number> {
    return new Map(this.book.own().map(({ claims, version }) => [claims.deployment.id, version]));
  }

  async report(draining = false): Promise<void> {
    const { homeId, instanceId, region, clock, newId } = this.options;
    const now = clock.now();
    const own = this.book.own();
    const lines = own.map(({ claims, version }) => ({ deploymentId: claims.deployment.id, version, jti: claims.jti }));
    const data: InstanceStatus = {
      instanceId,
      homeId,
      region,
      kids: this.book.keys.trustedKids(),
      applied: lines.map(({ deploymentId, version }) => ({ deploymentId, version })).slice(0, 1_000),
      licensesDigest: licensesDigest(lines),
      licenseCount: lines.length,
      refused: this.book.refused,
      schemaVersion: null,
      draining,
      at: now.toISOString(),
    };
    const source = `home:${homeId}`;
    const of = { topic: topics.applied(region), key: instanceId, id: newId(), source, subject: instanceId, time: now };
    await this.producer.send([eventRecord('InstanceStatus', { ...of, data })]);
  }

  /** Says that it drains, as a home does, so that nobody waits for it. */
  async stop(): Promise<void> {
    await this.reader.stop();
    await this.reports;
    await this.report(true);
    await this.producer.close();
  }

  private take({ topic, value }: BrokerRecord): Promise<void> {
    if (value === null) return Promise.resolve();
    const record = JSON.parse(value.toString()) as { statement?: string; deploymentId: string; license: string };
    if (topic === topics.keys) {
      if (this.holdsKeysBack) this.heldBack.push(record.statement ?? '');
      else this.learn(record.statement ?? '');
    } else {
      this.note(this.book.receive(record.deploymentId, record.license, this.at()));
    }
    this.answer();
    return Promise.resolve();
  }

  /** Statements of another root are of another suite: the topic is one for all regions. */
  private learn(statement: string): void {
    const key = verifyKeyStatement(statement, this.options.rootPublicKey);
    if (!key.ok) return;
    const outcome = this.book.learnKey(key.value);
    if (outcome === 'revoked') void this.reader.reread();
    if (outcome === 'trusted') this.retry();
  }

  private retry(): void {
    this.book.retryWaiting(this.at());
  }

  private note(received: Received): void {
    if (received.kind === 'refused' || received.kind === 'set_aside') this.notTaken.push(received);
  }

  /** One status for all that came meanwhile. */
  private answer(): void {
    if (this.isReportDue) return;
    this.isReportDue = true;
    this.reports = this.reports.then(() => {
      this.isReportDue = false;
      return this.report();
    });
  }

  private at() {
    return { now: this.options.clock.now(), monotonicMs: performance.now() };
  }
}
