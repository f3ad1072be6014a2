import { Injectable } from '@nestjs/common';
import { parseTimeZone, type OpenPeriod } from '@biplane/billing-calendar';
import { orThrow, RefusalError, type FieldError } from '@biplane/kernel';
import type { AddonRequest, BillRequest, DeploymentRequest, PlanPricingRequest } from '@biplane/pricing';
import { invalid, UnitOfWork, type Tx } from '@biplane/service-kit';
import { CatalogService, PlansService } from '../catalog/index.js';
import { computeBill, type HashedBillJson } from './bill.js';
import type { QuoteAddonDto, QuoteDeploymentDto, QuotePlanDto, QuoteRequestDto, StretchDto } from './quotes.dto.js';

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
    const reader = new InstantReader();
    orThrow(parseTimeZone(body.timeZone));
    const period = {
      from: reader.read(body.period.from, '/period/from'),
      to: reader.read(body.period.to, '/period/to'),
    };
    const deployments: DeploymentRequest[] = [];
    for (const [index, deployment] of body.deployments.entries()) {
      deployments.push(await this.deployment(tx, deployment, period.from, `/deployments/${index}`, reader));
    }
    reader.refuseMistakes();
    const { currency, timeZone, taxes = [], discounts = [] } = body;
    const request: BillRequest = { currency, timeZone, period, taxes, discounts, deployments };
    return orThrow(computeBill(request)).json;
  }

  private async deployment(
    tx: Tx,
    body: QuoteDeploymentDto,
    periodStart: Date,
    pointer: string,
    reader: InstantReader,
  ): Promise<DeploymentRequest> {
    const plan = await this.plan(tx, body, pointer);
    const modules = Object.entries(body.modules ?? {}).map(([module, stretches]) => [
      module,
      reader.stretches(stretches, `${pointer}/modules/${module}`),
    ]);
    return {
      ref: body.ref,
      plan: plan.named,
      planVersion: plan.version,
      addons: await this.addons(tx, body.addons ?? []),
      active:
        body.active === undefined
          ? [{ from: periodStart, to: null }]
          : reader.stretches(body.active, `${pointer}/active`),
      suspended: reader.stretches(body.suspended ?? [], `${pointer}/suspended`),
      modules: Object.fromEntries(modules) as Record<string, OpenPeriod[]>,
      firstPeriod: body.firstPeriod ?? false,
      usage: quantities(body.usage ?? {}, `${pointer}/usage`),
    };
  }

  /** A published version, or one written inline so that a price can be tried before it is sold. */
  private async plan(
    tx: Tx,
    body: QuoteDeploymentDto,
    pointer: string,
  ): Promise<{ named: { code: string; name?: string }; version: PlanPricingRequest }> {
    if ((body.plan === undefined) === (body.planVersion === undefined)) {
      const detail = 'Name a published plan or carry planVersion inline, one of the two';
      throw new RefusalError(invalid([{ pointer: `${pointer}/plan`, code: 'ONE_OF', detail }]));
    }
    if (body.planVersion !== undefined) {
      return {
        named: { code: 'inline' },
        version: await this.plans.read(tx, body.planVersion, `${pointer}/planVersion`),
      };
    }
    const { code, version } = body.plan as QuotePlanDto;
    const published = await this.plans.publishedVersion(tx, code, version);
    return { named: { code, name: published.plan.name }, version: published.content };
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

/** Reads instants and notes each one that is none, so that all mistakes are told at once. */
class InstantReader {
  private readonly mistakes: FieldError[] = [];

  read(text: string, pointer: string): Date {
    const at = new Date(text);
    if (Number.isNaN(at.getTime())) this.mistakes.push({ pointer, code: 'INSTANT', detail: `${text} is no instant` });
    return at;
  }

  stretches(value: unknown, pointer: string): OpenPeriod[] {
    if (!Array.isArray(value) || value.length > stretchesMax) {
      this.mistakes.push({
        pointer,
        code: 'STRETCHES',
        detail: `A list of at most ${stretchesMax} stretches is needed`,
      });
      return [];
    }
    return value.map((item: unknown, index) => this.stretch(item, `${pointer}/${index}`));
  }

  refuseMistakes(): void {
    if (this.mistakes.length > 0) throw new RefusalError(invalid(this.mistakes));
  }

  private stretch(item: unknown, pointer: string): OpenPeriod {
    const { from, to, ...unknown } = (typeof item === 'object' && item !== null ? item : {}) as Partial<StretchDto>;
    if (typeof from !== 'string' || (typeof to !== 'string' && to !== null) || Object.keys(unknown).length > 0) {
      this.mistakes.push({ pointer, code: 'STRETCH', detail: 'A stretch has `from` and `to`; `to` may be null' });
      return { from: new Date(0), to: null };
    }
    return { from: this.read(from, `${pointer}/from`), to: to === null ? null : this.read(to, `${pointer}/to`) };
  }
}

function quantities(usage: Record<string, unknown>, pointer: string): Record<string, string> {
  const mistakes = Object.entries(usage)
    .filter(([, quantity]) => typeof quantity !== 'string')
    .map(([meter]) => ({ pointer: `${pointer}/${meter}`, code: 'DECIMAL', detail: 'A quantity is a decimal string' }));
  if (mistakes.length > 0) throw new RefusalError(invalid(mistakes));
  return usage as Record<string, string>;
}

const stretchesMax = 1_000;
