import { randomUUID } from 'node:crypto';
import { checkInvariants, ServiceClient, waitFor } from '@biplane/testing';
import { EntitlementChecks } from '../features/entitlements/index.js';
import { coreSuite, publishLike, type CoreSuite } from './core-suite.js';
import type { RunningCore } from './running-core.js';

export interface Decision {
  readonly outcome: string;
  readonly isAllowed: boolean;
  readonly code: string | null;
  readonly reason: string;
  readonly used: string | null;
  readonly remaining: string | null;
  readonly retryAt: string | null;
  readonly stale: boolean;
  readonly asOf: string;
  readonly decisionId: string;
  readonly reservationId?: string;
  readonly ticketId?: string;
}
export interface Ticket {
  readonly state: string;
  readonly ahead: number;
  readonly reservationId: string | null;
  readonly admittedAt: string | null;
}

const limitOf = (meter: string, over: object) => ({ meter, window: null, strategy: 'hard_block', warnAt: [], ...over });
const standard = {
  code: 'standard',
  rank: 10,
  meters: [],
  modules: [
    { module: 'connectors', features: ['create'], dailyPrice: null, limits: [limitOf('connectors', { cap: '10' })] },
    {
      module: 'ingestion',
      features: ['ingest'],
      dailyPrice: null,
      limits: [limitOf('ingested_gb', { cap: '50', window: 'month', strategy: 'queue', warnAt: ['0.8'] })],
    },
    {
      module: 'financials',
      features: ['automated_billing'],
      dailyPrice: null,
      limits: [limitOf('api_calls', { cap: '100', window: 'month', warnAt: ['0.8'] })],
    },
    {
      module: 'imports',
      features: ['run'],
      dailyPrice: null,
      limits: [limitOf('imported_rows', { cap: '10', window: 'day' })],
    },
  ],
};

const asClient = (core: RunningCore, clientId: string) =>
  new ServiceClient(core.url, { clientId, clientSecret: clientId });

/** A core-api that sells ten connectors and 50 GB a month, and who asks it: for the suites of checks. */
export class ChecksRig {
  static readonly startAt = '2026-04-10T12:00:00.000Z';
  /** Of replicas that are started later: their time must not lie before what the first one made. */
  static readonly laterAt = '2026-04-10T12:10:00.000Z';
  static readonly clients: Record<string, string[]> = { gate: ['entitlements:check'], submitter: ['usage:submit'] };

  private constructor(
    readonly suite: CoreSuite,
    readonly gate: ServiceClient,
    private readonly submitter: ServiceClient,
  ) {}

  static async start(): Promise<ChecksRig> {
    const suite = await coreSuite({ startAt: ChecksRig.startAt, clients: ChecksRig.clients });
    for (const [meter, aggregation] of [
      ['connectors', 'last'],
      ['ingested_gb', 'sum'],
      ['imported_rows', 'sum'],
    ]) {
      const body = { meter, name: meter, unit: 'one', aggregation, authority: 'control' };
      await suite.admin.expect(201, 'POST', '/api/v1/catalog/meters', body);
    }
    await publishLike(suite.admin, standard);
    ChecksRig.patient(suite.core);
    return new ChecksRig(suite, asClient(suite.core, 'gate'), asClient(suite.core, 'submitter'));
  }

  /** What is held in most suites is what is answered; how soon is held by B1 alone. */
  static patient(core: RunningCore, answerMs = 20_000): void {
    core.app.get(EntitlementChecks, { strict: false }).answerMs = answerMs;
  }

  /** What a further core-api over the same database is started with. */
  get replica() {
    const { postgres, core } = this.suite;
    return { databaseUrl: postgres.url, regions: ['eu-1'], startAt: ChecksRig.laterAt, fieldKey: core.fieldKey };
  }

  made() {
    return this.suite.tenant({ plan: { code: 'standard' }, addons: [] });
  }

  async check(deploymentId: string, body: object, key?: string): Promise<Decision> {
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    const asked = { deploymentId, ...body };
    return (await this.gate.expect(200, 'POST', '/api/v1/subscription/check', asked, headers)) as Decision;
  }

  connector(deploymentId: string, over: object = {}): Promise<Decision> {
    return this.check(deploymentId, { action: 'connectors:create', meter: 'connectors', reserve: true, ...over });
  }

  ingestion(deploymentId: string, quantity: string, over: object = {}): Promise<Decision> {
    const body = { action: 'ingestion:ingest', meter: 'ingested_gb', quantity, reserve: true, ...over };
    return this.check(deploymentId, body);
  }

  /** Until the service answers as of then: it watches its Clock. */
  async clockAt(deploymentId: string, instant: string): Promise<void> {
    this.suite.core.setClock(instant);
    await waitFor('the Clock to be moved', async () => {
      const { asOf } = await this.check(deploymentId, { action: 'imports:run', meter: 'imported_rows' });
      return asOf >= instant;
    });
  }

  /** Ten a day. */
  import(deploymentId: string, quantity: string): Promise<Decision> {
    return this.check(deploymentId, { action: 'imports:run', meter: 'imported_rows', quantity, reserve: true });
  }

  act(reservationId: string, verb: string) {
    return this.gate.post(`/api/v1/subscription/reservations/${reservationId}/${verb}`);
  }

  async ticketOf(id: string): Promise<Ticket> {
    return (await this.gate.expect(200, 'GET', `/api/v1/subscription/tickets/${id}`)) as Ticket;
  }

  async quota(deploymentId: string, key: string): Promise<Record<string, unknown> | undefined> {
    const path = `/api/v1/billing/quota?deploymentId=${deploymentId}&key=${key}`;
    return ((await this.gate.expect(200, 'GET', path)) as { data: Record<string, unknown>[] }).data[0];
  }

  async violations(deploymentId: string): Promise<Record<string, unknown>[]> {
    const path = `/api/v1/subscription/violations?deploymentId=${deploymentId}`;
    return ((await this.suite.admin.expect(200, 'GET', path)) as { data: Record<string, unknown>[] }).data;
  }

  async ingested(deploymentId: string, quantity: string, time: string, meter = 'ingested_gb'): Promise<void> {
    const event = {
      ...{ specversion: '1.0', id: randomUUID(), source: '/platform/ingestion', type: 'dev.biplane.usage', time },
      ...{ subject: deploymentId, data: { meter, quantity } },
    };
    const headers = { 'content-type': 'application/cloudevents+json' };
    const answer = await this.submitter.expect(202, 'POST', '/api/v1/subscription/usage', event, headers);
    if ((answer as { accepted: number }).accepted !== 1) throw new Error(JSON.stringify(answer));
  }

  async close(): Promise<void> {
    await checkInvariants(this.suite.postgres.url);
    await this.suite.close();
  }
}
