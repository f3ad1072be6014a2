import { randomUUID } from 'node:crypto';
import { groups, parsePlaneEvent, topics } from '@biplane/contracts';
import {
  KafkaBroker,
  LicenseTopicReader,
  type Broker,
  type BrokerRecord,
  type KafkaConnection,
} from '@biplane/messaging/license-topics';
import type { LicenseFeed, LicenseSink, RecordOutcome } from '../feeds/license-feed.js';

export interface KafkaFeedOptions {
  /** The region's brokers and its user `home-<region>`; or a broker that is there already. */
  readonly kafka: Omit<KafkaConnection, 'clientId'> | Broker;
  readonly region: string;
  /** Letters, digits and hyphens; a part of the name of this process' consumer group. */
  readonly service: string;
}

const SERVICE = /^[A-Za-z0-9-]{1,60}$/;

/** Reads the license topics from their beginning at every start, in a group of its own that is never committed and deleted at the end. */
export class KafkaFeed implements LicenseFeed {
  private readonly broker: Broker;
  private reader: LicenseTopicReader | undefined;

  constructor(private readonly options: KafkaFeedOptions) {
    const { kafka, service } = options;
    if (!SERVICE.test(service))
      throw new TypeError('The service of a KafkaFeed is named by letters, digits and hyphens');
    this.broker = 'marks' in kafka ? kafka : new KafkaBroker({ ...kafka, clientId: service });
  }

  get connected(): boolean {
    return this.reader?.connected ?? false;
  }

  get ready(): boolean {
    return this.reader?.ready ?? false;
  }

  start(sink: LicenseSink): void {
    const { region, service } = this.options;
    this.reader ??= new LicenseTopicReader({
      broker: this.broker,
      // New at each start: the broker would make a restarted process wait for the session of the killed one to end.
      groupId: groups.homeReader(region, `${service}.${randomUUID()}`),
      topics: [topics.keys, topics.issued(region)],
      onRecord: (record) => take(record, sink),
    });
    this.reader.start();
  }

  async whenReady(): Promise<void> {
    await this.reader?.whenReady();
  }

  readAgain(): void {
    void this.reader?.reread();
  }

  async checkLiveness(): Promise<void> {
    await this.reader?.checkLiveness();
  }

  async stop(): Promise<void> {
    await this.reader?.stop();
  }
}

async function take(record: BrokerRecord, sink: LicenseSink): Promise<RecordOutcome> {
  if (record.value === null) return undefined; // a tombstone takes nothing away: only signed statements and licenses do
  const event = parsePlaneEvent(record.headers, record.value);
  if (!event.ok) return sink.refuse(event.error.code);
  const key = record.key?.toString() ?? null;
  if (event.value.name === 'KeyStatement' && record.topic === topics.keys) {
    return sink.takeKeyStatement(key, event.value.data.statement);
  }
  if (event.value.name === 'LicenseIssued' && record.topic !== topics.keys) {
    const { deploymentId, license } = event.value.data;
    return key === deploymentId ? sink.takeLicense(deploymentId, license) : sink.refuse('RECORD.KEY_MISMATCH');
  }
  return sink.refuse('RECORD.TYPE_UNKNOWN');
}
