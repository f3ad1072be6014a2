import type { BrokerMessage } from '@biplane/messaging';
import { newPlacement, TestIssuer, testKafka, type Placement, type TestKafka } from '@biplane/testing';
import type { Benchmark, Finding } from './benchmark.js';
import { BenchChild } from './child-process.js';
import { kafkaOfStack } from './kafka-of-stack.js';
import type { Enforced, HolderEnd, LicenseHolderInput } from './license-holder.js';

const holders = 4;
const changes = 200;
const goalMs = 1_000;
const answerMsMax = 20_000;
const kid = 'bench';
const action = 'financials:automated_billing';

/** How long after a license was published every process enforces it: four of them, over Kafka. */
export const licenseChange: Benchmark = {
  name: 'license-change',
  async run(): Promise<readonly Finding[]> {
    const kafka = await testKafka({ environment: kafkaOfStack() });
    const held: BenchChild[] = [];
    try {
      return await measure(kafka, held);
    } finally {
      await Promise.all(held.map((child) => child.end()));
      await kafka.close();
    }
  },
};

interface Change {
  /** Until the broker had it on disk as it keeps it. */
  readonly ackMs: number;
  /** Until the last process enforced it. */
  readonly enforcedMs: number;
}

async function measure(kafka: TestKafka, held: BenchChild[]): Promise<readonly Finding[]> {
  const issuer = new TestIssuer(kafka.region, new Date());
  const placement = newPlacement();
  const { deploymentId } = placement;
  const producer = kafka.broker('core').producer();
  try {
    await producer.send([issuer.keyRecord(kid)]);
    const { brokers, username = '', password = '' } = kafka.connection('home');
    const { rootFile, region } = issuer;
    const access = { brokers, username, password };
    const input: LicenseHolderInput = { rootFile, region, deploymentId, action, kafka: access };
    for (let index = 0; index < holders; index += 1) {
      held.push((await BenchChild.start<string>('./license-holder.js', input)).child);
    }
    const change = (version: number) => changeOnce({ issuer, producer, held, placement, version });
    for (let version = 1; version <= 5; version += 1) await change(version);
    const taken: Change[] = [];
    for (let index = 0; index < changes; index += 1) taken.push(await change(6 + index));
    await insistOnlyForward(held, 5 + changes);
    return [findingOf(taken)];
  } finally {
    await producer.close();
  }
}

interface Published {
  readonly issuer: TestIssuer;
  readonly producer: { send(messages: BrokerMessage[]): Promise<unknown> };
  readonly held: readonly BenchChild[];
  readonly placement: Placement;
  readonly version: number;
}

/** Odd versions are in force, even ones are suspended: each change turns the answer around. */
async function changeOnce({ issuer, producer, held, placement, version }: Published): Promise<Change> {
  const isActive = version % 2 === 1;
  const status = isActive ? 'active' : 'suspended';
  const license = issuer.sign(issuer.claims(placement, { version, status }), kid);
  const message = issuer.licenseRecord(placement.deploymentId, license);
  const answers = Promise.all(held.map((child) => child.next<Enforced>()));
  const startedNs = process.hrtime.bigint();
  await producer.send([message]);
  const ackMs = millisBetween(startedNs, process.hrtime.bigint());
  const enforced = await within(answerMsMax, answers);
  for (const each of enforced) {
    if (each.version !== version || each.isAllowed !== isActive) {
      throw new Error(`license-change: version ${version} was to be enforced, was ${JSON.stringify(each)}`);
    }
  }
  return { ackMs, enforcedMs: Math.max(...enforced.map(({ atNs }) => millisBetween(startedNs, BigInt(atNs)))) };
}

async function insistOnlyForward(held: readonly BenchChild[], newest: number): Promise<void> {
  for (const child of held) {
    const end = await child.ask<HolderEnd>('end');
    if (end.wentBack > 0 || end.version !== newest || end.asked < changes) {
      throw new Error(`license-change: a process ended with ${JSON.stringify(end)} of version ${newest}`);
    }
  }
}

function findingOf(taken: readonly Change[]): Finding {
  const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
  const at = (values: readonly number[], share: number): number =>
    values[Math.max(0, Math.ceil(values.length * share) - 1)] as number;
  const [enforced, acks] = [sorted(taken.map((each) => each.enforcedMs)), sorted(taken.map((each) => each.ackMs))];
  const ratios = sorted(taken.map(({ ackMs, enforcedMs }) => enforcedMs / ackMs));
  return {
    name: 'a license change',
    baseline: 'one record acknowledged by the broker, one at a time',
    subject: `the same record enforced by ${holders} processes that verify it, one change at a time`,
    oracle: `each of ${changes} changes turned the answer of all ${holders}, and none ever answered by an older one again`,
    ratio: { median: at(ratios, 0.5), min: at(ratios, 0), max: at(ratios, 1) },
    rounds: changes,
    baselinePerSecond: Math.round(1_000 / at(acks, 0.5)),
    subjectPerSecond: Math.round(1_000 / at(enforced, 0.5)),
    delay: { p50: at(enforced, 0.5), p99: at(enforced, 0.99), max: at(enforced, 1), goal: goalMs },
  };
}

const millisBetween = (fromNs: bigint, toNs: bigint): number => Number(toNs - fromNs) / 1e6;

async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`license-change: not enforced within ${ms} ms`)), ms);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
