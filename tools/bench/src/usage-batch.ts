import { randomUUID } from 'node:crypto';
import type { BrokerProducer } from '@biplane/messaging';
import { readTopic, StackClient, testKafka, type TestKafka } from '@biplane/testing';
import pg from 'pg';
import type { Benchmark, Finding } from './benchmark.js';
import { kafkaOfStack } from './kafka-of-stack.js';
import { compare, timed } from './rounds.js';
import { licensedDeployment } from './scene.js';

const eventsPerBatch = 1_000;
const rounds = 15;
const meter = 'bench_units';

/** `POST /usage` of 1,000 events, durable and folded, beside a producer that sends the same events to the stack's broker. */
export const usageBatch: Benchmark = {
  name: 'usage-batch',
  async run(): Promise<readonly Finding[]> {
    const client = StackClient.fromEnvironment();
    const region = 'eu-1';
    const deploymentId = await licensedDeployment(client, region, meter);
    const home = new pg.Client({
      connectionString: databaseUrl(client.stack.postgres, client.stack.homes[region] as string),
    });
    await home.connect();
    const kafka = await testKafka({ environment: kafkaOfStack() });
    const producer = kafka.broker('topics').producer();
    try {
      const topic = await kafka.createTopic();
      let produced = 0;
      let sent = 0;
      const comparison = await compare(
        rounds,
        async () => {
          const turn = await produce(producer, topic, eventsOf(deploymentId));
          produced += turn.units;
          return turn;
        },
        async () => {
          const turn = await post(client, region, eventsOf(deploymentId));
          sent += turn.units;
          return turn;
        },
      );
      await insistOnTopic(kafka, topic, produced);
      await insistOnTotal(home, deploymentId, sent);
      return [
        {
          name: 'POST /usage, 1,000 events a batch',
          baseline: 'a kafkajs producer that sends the same events, acks all, one batch',
          subject: 'HTTP, validation, dedupe, log and windows, answered when durable',
          oracle: `the home's windows sum to the ${sent} events sent, and the topic holds the ${produced} produced`,
          goal: 1 / 0.85,
          ...comparison,
        },
      ];
    } finally {
      await producer.close();
      await kafka.close();
      await home.end();
    }
  },
};

interface Event {
  readonly id: string;
  readonly source: string;
  readonly subject: string;
  readonly [member: string]: unknown;
}

function eventsOf(deploymentId: string): Event[] {
  return Array.from({ length: eventsPerBatch }, () => ({
    specversion: '1.0',
    id: randomUUID(),
    source: '/bench',
    type: 'dev.biplane.usage',
    time: '2026-03-31T03:00:00Z',
    subject: deploymentId,
    data: { meter, quantity: '1' },
  }));
}

function produce(producer: BrokerProducer, topic: string, events: readonly Event[]) {
  const headers = { 'content-type': 'application/cloudevents+json' };
  const messages = events.map((event) => ({ topic, key: event.subject, headers, value: JSON.stringify(event) }));
  return timed(events.length, () => producer.send(messages));
}

async function post(client: StackClient, region: string, events: readonly Event[]) {
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  const body = JSON.stringify(events);
  return timed(events.length, async () => {
    const answer = (await client.tenant(region).expect(202, 'POST', '/api/v1/usage', body, headers)) as {
      accepted: number;
    };
    if (answer.accepted !== events.length)
      throw new Error(`usage-batch: ${answer.accepted} of ${events.length} accepted`);
  });
}

async function insistOnTopic(kafka: TestKafka, topic: string, produced: number): Promise<void> {
  const records = await readTopic(kafka.broker('topics'), topic);
  if (records.length !== produced)
    throw new Error(`usage-batch: produced ${produced}, the topic has ${records.length}`);
}

async function insistOnTotal(home: pg.Client, deploymentId: string, sent: number): Promise<void> {
  const { rows } = await home.query<{ total: string }>(
    'SELECT trim_scale(sum(quantity))::text AS total FROM usage_window WHERE deployment_id = $1 AND meter = $2',
    [deploymentId, meter],
  );
  if (rows[0]?.total !== String(sent)) throw new Error(`usage-batch: sent ${sent}, the home counted ${rows[0]?.total}`);
}

function databaseUrl(server: string, homeId: string): string {
  const url = new URL(server);
  url.pathname = `/home_${homeId.replaceAll('-', '')}`;
  return url.href;
}
