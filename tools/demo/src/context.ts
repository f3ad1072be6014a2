import type { ServiceClient, StackClient } from '@biplane/testing';
import type { Member, Person } from './acme-members.js';
import { until } from './expect.js';
import { scenario } from './scenario.js';
import type { Bill, Invoice } from './bill.js';
import type { Traffic } from './traffic.js';

/** A license as `GET /licenses/{deploymentId}` shows it. */
export interface License {
  readonly version: number;
  readonly signed: string;
  /** `iat`: when it was signed, in seconds. */
  readonly document: { readonly iat: number };
  readonly enforcedBy: readonly { readonly instanceId: string; readonly version: number; readonly database: string }[];
  readonly propagation: { readonly millis: number | null };
}

export interface Provisioned {
  readonly tenantId: string;
  readonly deploymentId: string;
}

/** The running stack as the demo speaks to it, and what the steps learn on the way. */
export class DemoContext {
  tenantId = '';
  deploymentId = '';
  operationId = '';
  inviteToken = '';
  acme: { readonly admin: Person; readonly members: readonly [Member, Member, Member] } | null = null;
  globex: Provisioned = { tenantId: '', deploymentId: '' };
  initech: Provisioned & { readonly stagingId: string } = { tenantId: '', deploymentId: '', stagingId: '' };
  umbrella: Provisioned & { readonly operationId: string } = { tenantId: '', deploymentId: '', operationId: '' };
  moving: { readonly traffic: Traffic; readonly operationId: string } | null = null;
  may: Invoice | null = null;
  ticketId = '';
  quote: Bill | null = null;
  invoice: Invoice | null = null;

  /** core-api as its administrator. */
  readonly core: ServiceClient;
  /** core-api as the platform's own submitter of usage. */
  readonly platform: ServiceClient;
  /** tenant-api's public port as the region's usage submitter. */
  readonly submitter: ServiceClient;
  /** tenant-api's internal port as a tenant service beside it. */
  readonly gate: ServiceClient;

  constructor(readonly client: StackClient) {
    this.core = client.core;
    this.platform = client.coreAs('submitter');
    this.submitter = client.tenant(scenario.region);
    this.gate = client.internal(scenario.region);
  }

  async license(deploymentId: string = this.deploymentId): Promise<License> {
    return (await this.core.expect(200, 'GET', `/api/v1/licenses/${deploymentId}`)) as License;
  }

  /** What a month comes to so far, computed from metered usage: Acme's April, unless another is named. */
  async monthlyBill(period: string = scenario.period, tenantId: string = this.tenantId): Promise<Bill> {
    const path = `/api/v1/billing/tenants/${tenantId}/monthly?period=${period}`;
    return (await this.core.expect(200, 'GET', path)) as Bill;
  }

  /** What the Clock of core-api shows. */
  async now(): Promise<string> {
    return ((await this.core.expect(200, 'GET', '/version')) as { readonly now: string }).now;
  }

  /** Moves the Clock of every process, and waits until each of them says that it has. */
  async moveClockTo(instant: string): Promise<void> {
    const target = Date.parse(instant);
    this.client.moveClockTo(instant);
    for (const service of [this.core, this.submitter]) {
      await until(
        `${service.baseUrl} to stand at ${instant}`,
        clockDeadlineMs,
        async () => (await service.expect(200, 'GET', '/version')) as { readonly now: string },
        ({ now }) => Math.abs(Date.parse(now) - target) < clockDeadlineMs,
      );
    }
  }
}

const clockDeadlineMs = 15_000;
