import { Injectable } from '@nestjs/common';
import { parseTimeZone, type OpenPeriod } from '@biplane/billing-calendar';
import { orThrow, RefusalError, type FieldError } from '@biplane/kernel';
import type { AddonRequest, DeploymentRequest, PlanPricingRequest, PreviousPlanRequest } from '@biplane/pricing';
import { invalid, UnitOfWork, type Tx } from '@biplane/service-kit';
import { CatalogErrors, CatalogService, PlansService, type AddonRow } from '../catalog/index.js';
import { computeBill, type HashedBillJson } from './bill.js';
import { namedMeters } from './domain/named-meters.js';
import { planKey, PublishedPlans, type PublishedPlan } from './published-plans.js';
import { QuoteBodyReader } from './quote-body.js';
import type { QuoteAddonDto, QuoteDeploymentDto, QuotePlanDto, QuoteRequestDto } from './quotes.dto.js';

interface QuotedPlan {
  readonly plan: { readonly code: string; readonly name: string };
  readonly planVersion: PlanPricingRequest;
}

/** What of the catalog a quote may name: read once, however often it is named. */
interface Sold {
  readonly names: ReadonlyMap<string, string>;
  readonly plans: ReadonlyMap<string, PublishedPlan>;
  readonly addons: ReadonlyMap<string, AddonRow>;
}

/** Prices anything without storing it: the same computation as a metered month, on assumed figures. What is null is absent. */
@Injectable()
export class QuotesService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly catalog: CatalogService,
    private readonly published: PublishedPlans,
    private readonly plans: PlansService,
  ) {}

  async quote(body: QuoteRequestDto): Promise<HashedBillJson> {
    const tx = this.unitOfWork.reader;
    const timeZone = orThrow(parseTimeZone(body.timeZone));
    const reader = new QuoteBodyReader();
    const from = reader.instant(body.period.from, '/period/from');
    const to = reader.instant(body.period.to, '/period/to');
    const sold = await this.sold(tx, body);
    const deployments: DeploymentRequest[] = [];
    for (const [index, deployment] of body.deployments.entries()) {
      const pointer = `/deployments/${index}`;
      const plan = await this.plan(tx, deployment, pointer, sold);
      const previousPlans = await this.previousPlans(tx, deployment, pointer, sold, reader);
      const addons = (deployment.addons ?? []).map((addon, position) =>
        quotedAddon(addon, `${pointer}/addons/${position}`, sold, reader),
      );
      deployments.push({ ...plan, previousPlans, addons, ...assumed(deployment, pointer, reader, from) });
    }
    reader.refuseMistakes();
    const { currency, taxes = [], discounts = [] } = body;
    return orThrow(computeBill({ currency, timeZone, period: { from, to }, taxes, discounts, deployments })).json;
  }

  private async sold(tx: Tx, { deployments }: QuoteRequestDto): Promise<Sold> {
    const plans = deployments.flatMap(({ plan, previousPlans }) => [
      plan,
      ...(previousPlans ?? []).map((one) => one.plan),
    ]);
    const refs = plans.flatMap((plan) => (plan ? [{ planCode: plan.code, planVersion: plan.version }] : []));
    const hasAddons = deployments.some(({ addons }) => (addons ?? []).length > 0);
    const addons = hasAddons ? await this.catalog.addons(tx) : [];
    return {
      names: await this.catalog.meterNames(tx),
      plans: await this.published.of(tx, refs),
      addons: new Map(addons.map((addon) => [addon.code, addon])),
    };
  }

  private async previousPlans(
    tx: Tx,
    { previousPlans }: QuoteDeploymentDto,
    pointer: string,
    sold: Sold,
    reader: QuoteBodyReader,
  ): Promise<PreviousPlanRequest[]> {
    const read: PreviousPlanRequest[] = [];
    for (const [index, previous] of (previousPlans ?? []).entries()) {
      const here = `${pointer}/previousPlans/${index}`;
      const until = reader.instant(previous.until, `${here}/until`);
      read.push({ ...(await this.plan(tx, previous, here, sold)), until });
    }
    return read;
  }

  /** A published version, or one written inline so that a price can be tried before it is sold. */
  private async plan(
    tx: Tx,
    given: { plan?: QuotePlanDto; planVersion?: Record<string, unknown> },
    pointer: string,
    { names, plans }: Sold,
  ): Promise<QuotedPlan> {
    const [plan, planVersion] = [given.plan ?? undefined, given.planVersion ?? undefined];
    if ((plan === undefined) === (planVersion === undefined)) {
      const detail = 'Name a published plan or carry planVersion inline, one of the two';
      throw new RefusalError(invalid([{ pointer: `${pointer}/plan`, code: 'ONE_OF', detail }]));
    }
    if (plan === undefined) {
      const inline = await this.plans.read(tx, planVersion, `${pointer}/planVersion`);
      return { plan: { code: 'inline', name: 'Plan' }, planVersion: namedMeters(inline, names) };
    }
    const published = plans.get(planKey({ planCode: plan.code, planVersion: plan.version }));
    if (published === undefined) {
      const detail = `Plan "${plan.code}" has no published version ${plan.version}`;
      throw new RefusalError(CatalogErrors.PLAN_UNKNOWN({ detail, errors: [unknownAt(`${pointer}/plan`, detail)] }));
    }
    return { plan: { code: plan.code, name: published.name }, planVersion: published.pricing };
  }
}

function quotedAddon(
  { code, quantity, attached }: QuoteAddonDto,
  pointer: string,
  { addons }: Sold,
  reader: QuoteBodyReader,
): AddonRequest {
  const addon = addons.get(code);
  if (addon === undefined) {
    const detail = `There is no add-on "${code}"`;
    throw new RefusalError(CatalogErrors.ADDON_UNKNOWN({ detail, errors: [unknownAt(`${pointer}/code`, detail)] }));
  }
  const { name, resourceKind, currency, price } = addon;
  const stretches = attached && { attached: reader.stretches(attached, `${pointer}/attached`) };
  return { code, name, resourceKind, currency, price, quantity, ...stretches };
}

function unknownAt(pointer: string, detail: string): FieldError {
  return { pointer, code: 'UNKNOWN', detail };
}

/** What the quote assumes of a deployment: when it runs and what it uses. Absent: all of the period, and nothing. */
function assumed(body: QuoteDeploymentDto, pointer: string, reader: QuoteBodyReader, from: Date) {
  const always: OpenPeriod[] = [{ from, to: null }];
  return {
    ref: body.ref,
    active: body.active ? reader.stretches(body.active, `${pointer}/active`) : always,
    suspended: reader.stretches(body.suspended ?? [], `${pointer}/suspended`),
    modules: reader.modules(body.modules ?? {}, `${pointer}/modules`),
    firstPeriod: body.firstPeriod ?? false,
    usage: reader.quantities(body.usage ?? {}, `${pointer}/usage`),
    licenseVersions: reader.versions(body.licenseVersions ?? {}, `${pointer}/licenseVersions`),
  };
}
