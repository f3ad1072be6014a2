import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { canonicalJson, RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, invalid, UnitOfWork, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlatformEvents, type PlatformEvent } from '../events/index.js';
import type { PlanBody } from './catalog.dto.js';
import { CatalogErrors } from './catalog.errors.js';
import { CatalogStore } from './catalog.store.js';
import { readPlanVersion, type PlanVersionContent } from './domain/plan-version.js';
import { PlansStore, type PlanHead, type PlanVersionRow } from './plans.store.js';

export interface PlanWithVersions extends PlanHead {
  readonly versions: readonly PlanVersionRow[];
}

/** Drafts become published versions, published versions never change. */
@Injectable()
export class PlansService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly plans: PlansStore,
    private readonly catalog: CatalogStore,
    private readonly audit: Audit,
    private readonly events: PlatformEvents,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** A plan with its first version, a draft. */
  create(body: PlanBody, actor: Actor): Promise<PlanVersionRow & { plan: PlanHead }> {
    const { version, ...head } = body;
    const plan: PlanHead = { ...head, description: head.description ?? '' };
    return this.unitOfWork.run(async (tx) => {
      if (!(await this.plans.insertPlan(tx, plan, this.clock.now()))) {
        throw new RefusalError(CatalogErrors.CODE_TAKEN({ detail: `A plan "${plan.code}" exists` }));
      }
      const draft = await this.addDraft(tx, plan, version, actor);
      await this.tell(tx, 'subscription.plan.created', plan, draft, {});
      return { ...draft, plan };
    });
  }

  /** The next version of a plan, a draft. */
  createVersion(code: string, version: unknown, actor: Actor): Promise<PlanVersionRow> {
    return this.unitOfWork.run(async (tx) => {
      if (!(await this.plans.lockPlan(tx, code))) throw notFound(code);
      const plan = await this.plans.plan(tx, code);
      const draft = await this.addDraft(tx, plan!, version, actor);
      await this.tell(tx, 'subscription.plan.updated', plan!, draft, { change: 'draft_added' });
      return draft;
    });
  }

  publish(code: string, version: number, actor: Actor): Promise<PlanVersionRow> {
    return this.unitOfWork.run(async (tx) => {
      const row = await this.plans.version(tx, code, version);
      if (!row)
        throw new RefusalError(CatalogErrors.VERSION_NOT_FOUND({ detail: `Plan "${code}" has no version ${version}` }));
      // The catalog may have grown since the draft was written, never shrunk; read again all the same before it is for ever.
      await this.read(tx, row.content);
      if (!(await this.plans.publish(tx, code, version, this.clock.now()))) {
        throw new RefusalError(
          CatalogErrors.VERSION_PUBLISHED({ detail: `Version ${version} of "${code}" is published` }),
        );
      }
      const object = { type: 'plan_version', id: `${code}/${version}` };
      await this.audit.record(tx, { actor, action: 'plan_version.published', object, after: { code, version } });
      const plan = (await this.plans.plan(tx, code))!;
      await this.tell(tx, 'subscription.plan.updated', plan, row, { change: 'published' });
      return (await this.plans.version(tx, code, version))!;
    });
  }

  async get(code: string): Promise<PlanWithVersions> {
    const tx = this.unitOfWork.reader;
    const plan = await this.plans.plan(tx, code);
    if (!plan) throw notFound(code);
    return { ...plan, versions: await this.plans.versions(tx, [code]) };
  }

  async list(afterCode: string | null, take: number): Promise<PlanWithVersions[]> {
    const tx = this.unitOfWork.reader;
    const plans = await this.plans.plans(tx, afterCode, take);
    const versions = await this.plans.versions(
      tx,
      plans.map((plan) => plan.code),
    );
    return plans.map((plan) => ({ ...plan, versions: versions.filter((version) => version.planCode === plan.code) }));
  }

  /** What a subscription or a quote may name: a published version, the newest when none is named. 422 otherwise. */
  async publishedVersion(tx: Tx, code: string, version?: number): Promise<PlanVersionRow & { plan: PlanHead }> {
    const plan = await this.plans.plan(tx, code);
    const row =
      version === undefined ? await this.plans.newestPublished(tx, code) : await this.plans.version(tx, code, version);
    if (plan && row?.state === 'published') return { ...row, plan };
    const which = version === undefined ? 'no published version' : `no published version ${version}`;
    throw new RefusalError(CatalogErrors.PLAN_UNKNOWN({ detail: `Plan "${code.slice(0, 64)}" has ${which}` }));
  }

  /** Those of the named versions that are published; one statement, however many are named. */
  publishedVersions(
    tx: Tx,
    refs: readonly { readonly planCode: string; readonly planVersion: number }[],
  ): Promise<(PlanVersionRow & { plan: PlanHead })[]> {
    return this.plans.publishedVersions(tx, refs);
  }

  /** The numbers of all that were ever published, rising. */
  async versionsSold(tx: Tx, code: string): Promise<number[]> {
    const versions = await this.plans.versions(tx, [code]);
    return versions.filter(({ state }) => state === 'published').map(({ version }) => version);
  }

  /** Reads an inline plan version as strictly as a stored one: 400 when malformed, 422 when it breaks a rule. */
  async read(tx: Tx, version: unknown, pointer = '/version'): Promise<PlanVersionContent> {
    const meters = new Set((await this.catalog.meters(tx)).map((meter) => meter.meter));
    const reading = readPlanVersion(version, meters, pointer);
    if (reading.ok) return reading.content;
    if (reading.malformed.length > 0) throw new RefusalError(invalid(reading.malformed));
    const detail = reading.broken
      .slice(0, 3)
      .map((error) => `${error.pointer} ${error.detail}`)
      .join('; ');
    throw new RefusalError(CatalogErrors.PLAN_INVALID({ detail, errors: reading.broken.slice(0, 50) }));
  }

  private async tell<T extends 'subscription.plan.created' | 'subscription.plan.updated'>(
    tx: Tx,
    type: T,
    { code, name, tier, rank }: PlanHead,
    { version }: PlanVersionRow,
    more: Omit<PlatformEvent<T>['data'], 'plan' | 'name' | 'tier' | 'rank'>,
  ): Promise<void> {
    // `more` has exactly the members that are not here.
    const data = { plan: { code, version }, name, tier, rank, ...more };
    const event = { type, tenantId: null, subject: code, time: this.clock.now(), data } as unknown;
    await this.events.emit(tx, event as PlatformEvent<T>);
  }

  private async addDraft(tx: Tx, plan: PlanHead, version: unknown, actor: Actor): Promise<PlanVersionRow> {
    const content = await this.read(tx, version);
    const present = await this.plans.versions(tx, [plan.code]);
    const draft = present.find((row) => row.state === 'draft');
    if (draft)
      throw new RefusalError(
        CatalogErrors.DRAFT_EXISTS({ detail: `Version ${draft.version} of "${plan.code}" is a draft` }),
      );
    const number = (present.at(-1)?.version ?? 0) + 1;
    const contentHash = createHash('sha256').update(canonicalJson(content)).digest('hex');
    await this.plans.insertVersion(
      tx,
      { planCode: plan.code, version: number, content, contentHash },
      this.clock.now(),
    );
    const object = { type: 'plan_version', id: `${plan.code}/${number}` };
    await this.audit.record(tx, { actor, action: 'plan_version.drafted', object, after: { plan, content } });
    return (await this.plans.version(tx, plan.code, number))!;
  }
}

function notFound(code: string): RefusalError {
  return new RefusalError(CatalogErrors.PLAN_NOT_FOUND({ detail: `There is no plan "${code.slice(0, 64)}"` }));
}
