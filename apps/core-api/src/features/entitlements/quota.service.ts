import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { licenseState, quotaKey, type LicenseClaims, type LicensedLimit } from '@biplane/licensing';
import { limitKey } from '@biplane/limits';
import { CLOCK, type Tx } from '@biplane/service-kit';
import { LimitEngine } from '../limits/index.js';
import { quotaOf, type Quota } from './domain/quota.js';

export interface LimitQuota extends Quota {
  readonly deploymentId: string;
  readonly key: string;
  readonly module: string;
  readonly meter: string;
  readonly window: LicensedLimit['window'];
  /** When the window ends; null of a level. */
  readonly resetsAt: Date | null;
  readonly asOf: Date;
  readonly stale: boolean;
}

/** How much of each limit of a license is used: by core-api's own counters, and of data meters as the homes last told. */
@Injectable()
export class QuotaService {
  constructor(
    private readonly limits: LimitEngine,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async of(tx: Tx, license: LicenseClaims, quantity: string, key?: string): Promise<LimitQuota[]> {
    const now = this.clock.now();
    const isInForce = ['active', 'notice', 'grace'].includes(licenseState(license, now));
    const quotas: LimitQuota[] = [];
    for (const [module, { limits }] of Object.entries(license.modules)) {
      for (const limit of limits) {
        const name = quotaKey(module, limit.meter, limit.window);
        if (key !== undefined && key !== name) continue;
        const counted = await this.counted(tx, license, limit, now);
        quotas.push({
          deploymentId: license.deployment.id,
          key: name,
          module,
          meter: limit.meter,
          window: limit.window,
          ...quotaOf(limit, counted.used, quantity, isInForce),
          ...counted,
        });
      }
    }
    return quotas;
  }

  private async counted(tx: Tx, license: LicenseClaims, limit: LicensedLimit, now: Date) {
    const key = limitKey(license, limit, now);
    const resetsAt = key.period?.to ?? null;
    if (limit.authority === 'data') return { ...(await this.limits.lastKnown(tx, key)), stale: true, resetsAt };
    const [state] = await this.limits.decider.counters.read(tx, [key]);
    // What is held stands against the cap like what is used.
    return { used: state?.spent ?? '0', asOf: now, stale: false, resetsAt };
  }
}
