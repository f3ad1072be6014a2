import { Injectable } from '@nestjs/common';
import type { PlanPricingRequest } from '@biplane/pricing';
import type { Tx } from '@biplane/service-kit';
import { CatalogService, PlansService, type PlanVersionContent } from '../catalog/index.js';
import { namedMeters } from './domain/named-meters.js';

export interface PlanRef {
  readonly planCode: string;
  readonly planVersion: number;
}

/** A published plan version as bills name and price it. */
export interface PublishedPlan {
  readonly code: string;
  readonly name: string;
  /** Always the same frozen object for the same version: what is read of it once need not be read for the next tenant. */
  readonly pricing: PlanPricingRequest;
  readonly content: PlanVersionContent;
}

const KEPT_MAX = 2_000;

/** Published versions never change, nor do the names of their meters: each is read once by a process. */
@Injectable()
export class PublishedPlans {
  private readonly kept = new Map<string, PublishedPlan>();

  constructor(
    private readonly catalog: CatalogService,
    private readonly plans: PlansService,
  ) {}

  /** By `planKey`. At most two statements, and none for versions that were asked for before. */
  async of(tx: Tx, refs: readonly PlanRef[]): Promise<Map<string, PublishedPlan>> {
    const wanted = new Map(refs.map((ref) => [planKey(ref), ref]));
    const unknown = [...wanted].filter(([key]) => !this.kept.has(key)).map(([, ref]) => ref);
    const found = new Map([...wanted.keys()].flatMap((key) => this.keptEntry(key)));
    if (unknown.length === 0) return found;
    const names = await this.catalog.meterNames(tx);
    for (const row of await this.plans.publishedVersions(tx, unknown)) {
      const { planCode, version: planVersion, plan, content } = row;
      const key = planKey({ planCode, planVersion });
      const published = {
        code: planCode,
        name: plan.name,
        pricing: Object.freeze(namedMeters(content, names)),
        content,
      };
      this.keep(key, published);
      found.set(key, published);
    }
    return found;
  }

  private keptEntry(key: string): [string, PublishedPlan][] {
    const plan = this.kept.get(key);
    return plan === undefined ? [] : [[key, plan]];
  }

  /** The version that was kept longest makes room: whoever wants it again reads it again. */
  private keep(key: string, plan: PublishedPlan): void {
    const oldest = this.kept.keys().next();
    if (this.kept.size >= KEPT_MAX && oldest.done !== true) this.kept.delete(oldest.value);
    this.kept.set(key, plan);
  }
}

export function planKey({ planCode, planVersion }: PlanRef): string {
  return `${planCode}@${planVersion}`;
}
