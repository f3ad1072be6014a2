import { randomUUID } from 'node:crypto';
import { StackClient } from '@biplane/testing';
import pg from 'pg';
import type { Benchmark, Finding } from './benchmark.js';
import { compare, timed } from './rounds.js';
import { licensedDeployment } from './scene.js';

const eventsPerBatch = 1_000;
const rounds = 15;
const meter = 'bench_units';

/** `POST /usage` of 1,000 events, durable and folded, beside one bare insert of the same keys on the same server. */
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
    try {
      const table = `bench_${randomUUID().replaceAll('-', '')}`;
      await home.query(
        `CREATE TABLE ${table} (deployment_id uuid, source text, event_id text, content_hash text, received_at timestamptz,
         PRIMARY KEY (deployment_id, source, event_id))`,
      );
      let sent = 0;
      const comparison = await compare(
        rounds,
        () => insertBare(home, table, eventsOf(deploymentId)),
        async () => {
          const turn = await post(client, region, eventsOf(deploymentId));
          sent += turn.units;
          return turn;
        },
      );
      await home.query(`DROP TABLE ${table}`);
      await insistOnTotal(home, deploymentId, sent);
      return [
        {
          name: 'POST /usage, 1,000 events a batch',
          baseline: 'one unnest insert of the same keys, same server, fsync on',
          subject: 'HTTP, validation, dedupe, log and windows, answered when durable',
          oracle: `the home's windows sum to the ${sent} events sent`,
          ...comparison,
        },
      ];
    } finally {
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

function insertBare(home: pg.Client, table: string, events: readonly Event[]) {
  return timed(events.length, async () => {
    await home.query(
      `INSERT INTO ${table} SELECT $1::uuid, '/bench', id, md5(id), '2026-03-31T03:00:00Z' FROM unnest($2::text[]) AS id
       ON CONFLICT DO NOTHING`,
      [events[0]?.subject, events.map(({ id }) => id)],
    );
  });
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
