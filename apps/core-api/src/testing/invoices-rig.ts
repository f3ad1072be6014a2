import { randomUUID } from 'node:crypto';
import { hourOf } from '@biplane/billing-calendar';
import { orThrow, parseDeploymentId, parseHomeId, parseMeterCode, parseRegionCode } from '@biplane/kernel';
import { openApiDocument } from '@biplane/service-kit';
import { AnswerSchemas, checkInvariants, waitFor, type Answer, type ServiceClient } from '@biplane/testing';
import { DOCS } from '../app.module.js';
import { UsageIntake } from '../features/usage/index.js';
import { coreSuite, type CoreSuite } from './core-suite.js';
import { runCore, type RunningCore } from './running-core.js';

export interface MoneyShown {
  readonly amount: string;
  readonly currency: string;
}

export interface InvoiceShown {
  readonly id: string;
  readonly number: string;
  readonly status: string;
  readonly billedMonth: string;
  readonly contentHash: string;
  readonly total: MoneyShown;
  readonly lines: readonly { readonly id: string; readonly kind: string; readonly amount: MoneyShown }[];
  readonly buyer: { readonly tenantId: string; readonly detailsHash?: string; readonly taxId?: string | null };
  readonly atIssue: { readonly creditApplied: MoneyShown; readonly amountDue: MoneyShown };
  readonly settlement: Readonly<Record<'creditApplied' | 'paid' | 'credited' | 'amountDue', MoneyShown>>;
  readonly replaces?: { readonly id: string; readonly number: string };
  readonly voided: { readonly reason: string; readonly replacedBy: { id: string; number: string } | null } | null;
}

const headers = () => ({ 'idempotency-key': randomUUID() });

/**
 * A core-api whose tenants subscribed to the studio for April and May 2026 in Brisbane: 57.50 and 5.75 of tax a month. Its
 * Clock stands in June, so that both months can be invoiced.
 */
export class InvoicesRig {
  static readonly startAt = '2026-03-31T14:00:00.000Z';
  static readonly juneAt = '2026-06-02T00:00:00.000Z';
  static readonly julyAt = '2026-07-02T00:00:00.000Z';

  private readonly spare: { tenantId: string; deploymentId: string }[] = [];

  private constructor(readonly suite: CoreSuite) {}

  static async start(tenants: number): Promise<InvoicesRig> {
    const rig = new InvoicesRig(await coreSuite({ startAt: InvoicesRig.startAt }));
    for (let made = 0; made < tenants; made += 1) rig.spare.push(await rig.suite.tenant());
    await rig.suite.postgres.query('UPDATE deployment SET first_ready_at = created_at');
    await rig.at(InvoicesRig.juneAt);
    return rig;
  }

  get admin(): ServiceClient {
    return this.suite.admin;
  }

  /** One that nothing happened to yet. */
  tenant(): { tenantId: string; deploymentId: string } {
    const tenant = this.spare.pop();
    if (tenant === undefined) throw new Error('The rig was started with too few tenants');
    return tenant;
  }

  async at(instant: string): Promise<void> {
    this.suite.core.setClock(instant);
    await waitFor('the clock', async () => {
      const { now } = (await this.admin.expect(200, 'GET', '/version')) as { now: string };
      return Math.abs(Date.parse(now) - Date.parse(instant)) < 60_000;
    });
  }

  act(path: string, body: object, key: object = headers()): Promise<Answer> {
    return this.admin.post(`/api/v1/billing/${path}`, body, key as Record<string, string>);
  }

  async make(action: string, tenantId: string, period: string, over: object = {}): Promise<Answer> {
    return this.act('invoices', { tenantId, period, action, ...over });
  }

  async issue(tenantId: string, period = '2026-04', over: object = {}): Promise<InvoiceShown> {
    const answer = await this.make('issue', tenantId, period, over);
    if (answer.status !== 201) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as InvoiceShown;
  }

  pay(id: string, amount?: string, over: object = {}): Promise<Answer> {
    const money = amount === undefined ? {} : { amount: { amount, currency: 'USD' } };
    return this.act(`invoices/${id}/payments`, { method: 'bank_transfer', ...money, ...over });
  }

  credit(id: string, over: object = {}): Promise<Answer> {
    return this.act(`invoices/${id}/credit-notes`, { reason: 'an hour without service', ...over });
  }

  void(id: string): Promise<Answer> {
    return this.act(`invoices/${id}/void`, { reason: 'sent to the wrong company' });
  }

  async show(id: string): Promise<InvoiceShown> {
    return (await this.admin.expect(200, 'GET', `/api/v1/billing/invoices/${id}`)) as InvoiceShown;
  }

  async due(id: string): Promise<[string, string]> {
    const { status, settlement } = await this.show(id);
    return [status, settlement.amountDue.amount];
  }

  async balance(tenantId: string): Promise<string | undefined> {
    const path = `/api/v1/billing/tenants/${tenantId}/balance`;
    return ((await this.admin.expect(200, 'GET', path)) as { balances: MoneyShown[] }).balances[0]?.amount;
  }

  async used(deploymentId: string, windowStart: string, revision: number, quantity: string): Promise<void> {
    const { from, to } = hourOf(new Date(windowStart));
    const window = {
      ...({ aggregation: 'sum', incarnation: 1, revision, quantity, closed: true, licenseVersion: 1 } as const),
      deploymentId: orThrow(parseDeploymentId(deploymentId)),
      meter: orThrow(parseMeterCode('droplet_hours')),
      windowStart: from,
      windowEnd: to,
      homeId: orThrow(parseHomeId(await this.homeId())),
    };
    const batch = { windows: [window], closes: [], limitEvents: [], other: [] };
    await this.suite.core.app
      .get(UsageIntake, { strict: false })
      .take({ region: orThrow(parseRegionCode('eu-1')), ...batch });
  }

  /** Another core-api over the same database, with tokens of these tenants. */
  asTenants(tenantIds: Readonly<Record<string, string>>): Promise<RunningCore> {
    const { postgres, core } = this.suite;
    const clients = Object.fromEntries(Object.entries(tenantIds).map(([name, id]) => [name, [`tenant:${id}`]]));
    return runCore({
      databaseUrl: postgres.url,
      regions: ['eu-1'],
      clockFile: core.clockFile,
      fieldKey: core.fieldKey,
      clients,
    });
  }

  async close(): Promise<void> {
    await checkInvariants(this.suite.postgres.url);
    await this.suite.close();
  }

  /** What these answers have that the OpenAPI document does not say, or lack of it; empty when they agree. */
  mistakes(answers: readonly (readonly [method: string, route: string, answer: Answer])[]): string[] {
    const schemas = new AnswerSchemas(openApiDocument(this.suite.core.app, DOCS));
    return answers.flatMap(([method, route, answer]) => schemas.mistakes(method, `/api/v1/billing/${route}`, answer));
  }

  private async homeId(): Promise<string> {
    const [row] = await this.suite.postgres.query<{ homeId: string }>(
      'SELECT home_id AS "homeId" FROM placement LIMIT 1',
    );
    return row!.homeId;
  }
}
