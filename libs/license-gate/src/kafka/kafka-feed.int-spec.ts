import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { KafkaBroker } from '@biplane/messaging';
import {
  FakeClock,
  seededRandom,
  seedOfRun,
  shuffleAndRepeat,
  testKafka,
  waitFor,
  type TestKafka,
  TestIssuer,
} from '@biplane/testing';
import { createLicenseGate } from '../index.js';
import { KafkaFeed } from '../kafka.entry.js';
import { feedCases } from '../spec-support/feed-cases.js';
import { newPlacement, newWorld, type FeedRecord, type FeedWorld } from '../spec-support/feed-conformance.js';

const kit = { seedOfRun, seededRandom, shuffleAndRepeat, waitFor };
const clock = new FakeClock('2026-04-10T12:00:00.000Z');
let kafka: TestKafka;
let issuer: TestIssuer;
let world: FeedWorld;

const messageOf = (record: FeedRecord) =>
  'kid' in record
    ? issuer.statementRecord(record.kid, record.statement)
    : issuer.licenseRecord(record.deploymentId, record.license);

beforeAll(async () => {
  Logger.overrideLogger(false);
  kafka = await testKafka({ partitions: 3 });
  issuer = new TestIssuer(kafka.region, clock.now());
});
afterAll(() => kafka.close());

beforeEach(() => {
  const subject = {
    newFeed: () => new KafkaFeed({ kafka: kafka.connection('home'), region: kafka.region, service: 'connectors' }),
    async publish(records: readonly FeedRecord[]): Promise<void> {
      const producer = kafka.broker('core').producer();
      await producer.send(records.map(messageOf));
      await producer.close();
    },
  };
  world = newWorld(kit, subject, issuer, clock);
});
afterEach(() => world.end());

describe('a feed from Kafka', () => {
  it.each(Object.entries(feedCases))('a feed from Kafka holds what every feed must hold: %s', async (_title, check) =>
    check(world),
  );

  it('A13: with no broker the gate serves what it kept, and says so within 6 s', async () => {
    const placement = newPlacement();
    const cacheFolder = await world.folder();
    await world.subject.publish([world.key(), world.license(placement)]);
    const before = await world.start({ cacheFolder });
    await before.whenRead();
    await before.stop();
    const nowhere = new KafkaBroker({ ...kafka.connection('home'), brokers: ['127.0.0.1:1'] });
    const gate = createLicenseGate({
      rootKey: issuer.root.publicKey,
      feed: new KafkaFeed({ kafka: nowhere, region: kafka.region, service: 'connectors' }),
      clock,
      cacheFolder,
    });
    await gate.start();
    expect(gate.check(placement.deploymentId, 'financials:automated_billing').isAllowed).toBe(true);
    expect(gate.ready()).toBe(false);
    await waitFor('readiness', () => gate.ready(), { deadlineMs: 6_500 });
    await gate.checkLiveness();
    await gate.stop();
  });

  it('reads in a group of its own, which is never committed and is gone after the stop', async () => {
    const broker = kafka.broker('home');
    const groups: string[] = [];
    const watched = Object.assign(Object.create(broker) as KafkaBroker, {
      deleteGroup: (groupId: string) => {
        groups.push(groupId);
        return broker.deleteGroup(groupId);
      },
    });
    const feed = new KafkaFeed({ kafka: watched, region: kafka.region, service: 'connectors' });
    const gate = createLicenseGate({ rootKey: issuer.root.publicKey, feed, clock });
    await gate.start();
    await gate.whenRead();
    await gate.stop();
    expect(groups).toEqual([expect.stringMatching(new RegExp(`^tenant-api\\.${kafka.region}\\.connectors\\.`))]);
    await expect(broker.deleteGroup(groups[0]!)).rejects.toThrow();
  });
});
