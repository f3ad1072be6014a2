import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { UnitOfWork } from '@biplane/service-kit';
import {
  checkInvariants,
  FakeClock,
  InMemoryBroker,
  readTopic,
  sizeOfRun,
  spawnSource,
  testKafka,
  testPostgres,
  testUnitOfWork,
  waitFor,
  type TestKafka,
  type TestPostgres,
} from '@biplane/testing';
import { Outbox, OutboxRelay, type BrokerProducer, type OutboundRecord } from '../index.js';

const clock = new FakeClock();
const child = new URL('../spec-support/relay.child.ts', import.meta.url);

describe('the outbox and its relay', () => {
  let postgres: TestPostgres;
  let kafka: TestKafka;
  let unitOfWork: UnitOfWork;
  const relays: OutboxRelay[] = [];
  const producers: BrokerProducer[] = [];
  const outbox = new Outbox({ clock });

  beforeAll(async () => {
    Logger.overrideLogger(false);
    [postgres, kafka] = await Promise.all([testPostgres('home'), testKafka({ partitions: 1 })]);
    unitOfWork = await testUnitOfWork('home', postgres.url);
  });
  afterEach(async () => {
    for (const relay of relays.splice(0)) await relay.stop();
    for (const producer of producers.splice(0)) await producer.close();
    await checkInvariants(postgres.url);
    await postgres.query('TRUNCATE outbox');
  });
  afterAll(async () => {
    await unitOfWork.close();
    await Promise.all([postgres.drop(), kafka.close()]);
  });

  const record = (topic: string, key: string, value: string): OutboundRecord => ({ topic, key, value, headers: {} });
  const add = (...records: OutboundRecord[]) => unitOfWork.run((tx) => outbox.add(tx, ...records));
  const startRelay = (producer: BrokerProducer = kafka.broker('topics').producer(), batchMax = 500): OutboxRelay => {
    const relay = new OutboxRelay({ databaseUrl: postgres.url, producer, clock, batchMax });
    relays.push(relay);
    producers.push(producer);
    relay.start();
    return relay;
  };
  const pending = async (): Promise<number> => {
    const sql = 'SELECT count(*)::int AS pending FROM outbox WHERE published_at IS NULL';
    return (await postgres.query<{ pending: number }>(sql))[0]?.pending ?? 0;
  };
  const drained = () => waitFor('an empty outbox', async () => (await pending()) === 0, { deadlineMs: 60_000 });
  const values = async (topic: string) =>
    (await readTopic(kafka.broker('topics'), topic)).map(({ value }) => value?.toString() ?? null);
  const killedChild = (faultPoint: string) =>
    spawnSource(
      child,
      { databaseUrl: postgres.url, connection: kafka.connection('topics') },
      { FAULT_POINTS: faultPoint, NODE_ENV: 'test' },
    ).ended;

  it('A5: what was committed is sent although the process was killed before it published', async () => {
    const topic = await kafka.createTopic();
    for (const value of ['1', '2']) {
      await add(record(topic, 'a', value));
      expect((await killedChild('after_commit_before_publish')).signal).toBe('SIGKILL');
    }
    expect(await pending()).toBe(2);
    startRelay();
    await drained();
    expect(await values(topic)).toEqual(['1', '2']);
  });

  it('what waited through an outage is sent in portions that a broker takes, however much it is', async () => {
    const topic = await kafka.createTopic();
    const value = 'x'.repeat(90_000);
    await add(...Array.from({ length: 20 }, (_, i) => record(topic, 'a', `${i}${value}`)));
    startRelay();
    await drained();
    expect((await values(topic)).map((each) => Number.parseInt(each ?? '', 10))).toEqual([...Array(20).keys()]);
  });

  it('A6: what was sent and not marked is sent again, in the same order', async () => {
    const topic = await kafka.createTopic();
    await add(record(topic, 'a', '1'), record(topic, 'a', '2'));
    expect((await killedChild('after_publish_before_mark')).signal).toBe('SIGKILL');
    expect(await pending()).toBe(2);
    startRelay();
    await drained();
    expect(await values(topic)).toEqual(['1', '2', '1', '2']);
  });

  it('A7: a lower id that commits later is not skipped', async () => {
    const topic = await kafka.createTopic();
    startRelay();
    let commitFirst = (): void => undefined;
    const held = new Promise<void>((resolve) => (commitFirst = resolve));
    let written = (): void => undefined;
    const inserted = new Promise<void>((resolve) => (written = resolve));
    const first = unitOfWork.run(async (tx) => {
      await outbox.add(tx, record(topic, 'first', 'lower id'));
      written();
      await held;
    });
    await inserted;
    await add(record(topic, 'second', 'higher id'));
    await drained();
    expect(await values(topic)).toEqual(['higher id']);
    commitFirst();
    await first;
    await drained();
    expect(await values(topic)).toEqual(['higher id', 'lower id']);
  });

  it('two relays race: every row is sent once and in order, also when the active one goes', async () => {
    const topic = await kafka.createTopic();
    const racing = [startRelay(undefined, 10), startRelay(undefined, 10)];
    const active = await waitFor('an active relay', () => racing.find(({ isActive }) => isActive));
    const all = Array.from({ length: 200 }, (_, i) => String(i));
    await add(...all.map((value) => record(topic, 'a', value)));
    await waitFor('some to be sent', async () => (await pending()) < 200);
    expect(racing.filter(({ isActive }) => isActive)).toHaveLength(1);
    await active.stop();
    await drained();
    expect(await values(topic)).toEqual(all);
  });

  it('A8: four relay processes race, each is stopped in mid-batch once: every row is sent once, in order per key', async () => {
    const topic = await kafka.createTopic({ partitions: 4 });
    const input = { databaseUrl: postgres.url, connection: kafka.connection('topics') };
    const children = Array.from({ length: 4 }, () => spawnSource(child, input, { NODE_ENV: 'test' }));
    try {
      const rows = sizeOfRun({ soak: 10_000, ci: 2_000 });
      const keys = ['a', 'b', 'c', 'd', 'e'];
      const all = Array.from({ length: rows }, (_, i) => record(topic, keys[i % keys.length] ?? '', String(i)));
      const chunk = rows / children.length;
      for (const [index, each] of children.entries()) {
        const before = (index + 1) * chunk;
        await add(...all.slice(index * chunk, before));
        // The first comes up only now; the others find it at work.
        await waitFor('some to be sent', async () => (await pending()) < chunk, { deadlineMs: 120_000 });
        each.kill('SIGSTOP');
        const until = performance.now() + sizeOfRun({ soak: 60_000, ci: 300 });
        await waitFor('the time of the stop', () => performance.now() >= until, { deadlineMs: 90_000 });
        each.kill('SIGCONT');
        await waitFor('an empty outbox', async () => (await pending()) === 0);
      }
      const sent = await readTopic(kafka.broker('topics'), topic);
      expect(sent).toHaveLength(rows);
      for (const key of keys) {
        const ofKey = sent.filter((row) => row.key?.toString() === key).map(({ value }) => Number(value?.toString()));
        expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
        expect(new Set(ofKey).size).toBe(ofKey.length);
      }
    } finally {
      for (const each of children) each.kill('SIGKILL');
      await Promise.all(children.map(({ ended }) => ended));
    }
  }, 400_000);

  it('on a compacted topic only the newest waiting row of a key is sent', async () => {
    const topic = await kafka.createTopic();
    const compacted = (key: string, value: string) => ({ ...record(topic, key, value), compacted: true });
    await add(compacted('a', 'a1'), compacted('b', 'b1'), compacted('a', 'a2'), compacted('a', 'a3'));
    startRelay();
    await drained();
    expect(await values(topic)).toEqual(['b1', 'a3']);
  });

  it('a relay that loses its connection takes its lock again and goes on', async () => {
    const topic = await kafka.createTopic();
    const relay = startRelay();
    await waitFor('the lock', () => relay.isActive);
    const terminate = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'biplane outbox relay'`;
    await postgres.query(terminate);
    await waitFor('the loss', () => !relay.isActive);
    await add(record(topic, 'a', '1'));
    await drained();
    expect(await values(topic)).toEqual(['1']);
  });

  it('while the broker is away rows wait, and all arrive in order when it is back', async () => {
    const broker = new InMemoryBroker();
    broker.createTopic('somewhere', 1);
    broker.setUp(false);
    startRelay(broker.producer());
    await add(record('somewhere', 'a', '1'), record('somewhere', 'a', '2'));
    await add(record('somewhere', 'a', '3'));
    expect(await pending()).toBe(3);
    broker.setUp(true);
    await drained();
    expect(broker.records('somewhere').map(({ value }) => value?.toString())).toEqual(['1', '2', '3']);
  });

  it('a flush sends all that waits, and does not wait for a broker that takes nothing', async () => {
    const broker = new InMemoryBroker();
    broker.createTopic('somewhere', 1);
    const relay = startRelay(broker.producer());
    await waitFor('the lock', () => relay.isActive);
    await add(record('somewhere', 'a', '1'), record('somewhere', 'a', '2'));
    await relay.flush(60_000);
    expect(broker.records('somewhere')).toHaveLength(2);
    broker.setUp(false);
    await add(record('somewhere', 'a', '3'));
    // Within the time of the test, not within its own.
    await relay.flush(3_600_000);
    expect(await pending()).toBe(1);
  });

  it('of two that end at once the one that stood by sends what was committed last', async () => {
    const topic = await kafka.createTopic();
    const active = startRelay();
    await waitFor('the active one', () => active.isActive);
    const standby = startRelay();
    await active.flush(5_000);
    await add(record(topic, 'a', 'last words'));
    await Promise.all([active.stop(), standby.flush(5_000)]);
    expect(await pending()).toBe(0);
    expect(await values(topic)).toEqual(['last words']);
  });

  it('a nudge after the commit sends at once, a rolled back transaction sends nothing', async () => {
    const topic = await kafka.createTopic();
    const relay = startRelay();
    const nudging = new Outbox({ clock, nudge: () => relay.nudge() });
    const refused = unitOfWork.run(async (tx) => {
      await nudging.add(tx, record(topic, 'a', 'rolled back'));
      throw new Error('rolled back');
    });
    await expect(refused).rejects.toThrow('rolled back');
    await unitOfWork.run((tx) => nudging.add(tx, record(topic, 'a', 'kept')));
    await drained();
    expect(await values(topic)).toEqual(['kept']);
  });

  it('at the high-water mark new work is refused with OUTBOX.FULL, and nothing of it is kept', async () => {
    const small = new Outbox({ clock, pendingMax: 2 });
    const one = record('somewhere', 'a', '1');
    await unitOfWork.run((tx) => small.add(tx, one, one));
    const refused = unitOfWork.run((tx) => small.add(tx, one));
    await expect(refused).rejects.toMatchObject({ failure: { code: 'OUTBOX.FULL', status: 503 } });
    expect(await pending()).toBe(2);
    await postgres.query('UPDATE outbox SET published_at = created_at');
    await unitOfWork.run((tx) => small.add(tx, one));
    expect(await pending()).toBe(1);
  });
});
