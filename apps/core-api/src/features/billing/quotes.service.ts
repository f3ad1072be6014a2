import { Injectable } from '@nestjs/common';
import { parseTimeZone, type OpenPeriod } from '@biplane/billing-calendar';
import { orThrow, RefusalError } from '@biplane/kernel';
import type { AddonRequest, DeploymentRequest, PlanPricingRequest } from '@biplane/pricing';
import { invalid, UnitOfWork, type Tx } from '@biplane/service-kit';
import { CatalogService, PlansService } from '../catalog/index.js';
import { computeBill, type HashedBillJson } from './bill.js';
import { namedMeters } from './domain/named-meters.js';
import { QuoteBodyReader } from './quote-body.js';
import type { QuoteAddonDto, QuoteDeploymentDto, QuoteRequestDto } from './quotes.dto.js';

interface QuotedPlan {
  readonly plan: { readonly code: string; readonly name: string };
  readonly planVersion: PlanPricingRequest;
}

/** Prices anything without storing it: the same computation as a metered month, on assumed figures. */
@Injectable()
export class QuotesService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly catalog: CatalogService,
    private readonly plans: PlansService,
  ) {}

  async quote(body: QuoteRequestDto): Promise<HashedBillJson> {
    const tx = this.unitOfWork.reader;
    const timeZone = orThrow(parseTimeZone(body.timeZone));
    const reader = new QuoteBodyReader();
    const from = reader.instant(body.period.from, '/period/from');
    const to = reader.instant(body.period.to, '/period/to');
    const names = await this.catalog.meterNames(tx);
    const deployments: DeploymentRequest[] = [];
    for (const [index, deployment] of body.deployments.entries()) {
      const pointer = `/deployments/${index}`;
      const plan = await this.plan(tx, deployment, pointer, names);
      const addons = await this.addons(tx, deployment.addons ?? []);
      deployments.push({ ...plan, addons, ...assumed(deployment, pointer, reader, from) });
    }
    reader.refuseMistakes();
    const { currency, taxes = [], discounts = [] } = body;
    return orThrow(computeBill({ currency, timeZone, period: { from, to }, taxes, discounts, deployments })).json;
  }

  /** A published version, or one written inline so that a price can be tried before it is sold. */
  private async plan(
    tx: Tx,
    body: QuoteDeploymentDto,
    pointer: string,
    names: ReadonlyMap<string, string>,
  ): Promise<QuotedPlan> {
    const { plan, planVersion } = body;
    if ((plan === undefined) === (planVersion === undefined)) {
      const detail = 'Name a published plan or carry planVersion inline, one of the two';
      throw new RefusalError(invalid([{ pointer: `${pointer}/plan`, code: 'ONE_OF', detail }]));
    }
    if (plan === undefined) {
      const inline = await this.plans.read(tx, planVersion, `${pointer}/planVersion`);
      return { plan: { code: 'inline', name: 'Plan' }, planVersion: namedMeters(inline, names) };
    }
    const published = await this.plans.publishedVersion(tx, plan.code, plan.version);
    return {
      plan: { code: plan.code, name: published.plan.name },
      planVersion: namedMeters(published.content, names),
    };
  }

  private async addons(tx: Tx, asked: readonly QuoteAddonDto[]): Promise<AddonRequest[]> {
    const addons: AddonRequest[] = [];
    for (const { code, quantity } of asked) {
      const { name, resourceKind, currency, price } = await this.catalog.requiredAddon(tx, code);
      addons.push({ code, name, resourceKind, currency, price, quantity });
    }
    return addons;
  }
}

/** What the quote assumes of a deployment: when it runs and what it uses. Absent: all of the period, and nothing. */
function assumed(body: QuoteDeploymentDto, pointer: string, reader: QuoteBodyReader, from: Date) {
  const always: OpenPeriod[] = [{ from, to: null }];
  return {
    ref: body.ref,
    active: body.active === undefined ? always : reader.stretches(body.active, `${pointer}/active`),
    suspended: reader.stretches(body.suspended ?? [], `${pointer}/suspended`),
    modules: reader.modules(body.modules ?? {}, `${pointer}/modules`),
    firstPeriod: body.firstPeriod ?? false,
    usage: reader.quantities(body.usage ?? {}, `${pointer}/usage`),
  };
}
