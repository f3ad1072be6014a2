import type { LicenseClaims, LicensedLimit } from '@biplane/licensing';
import type { Tx } from '@biplane/service-kit';
import type { DecisionLog } from './decision-log.js';
import { inLockOrder } from './domain/limit-key.js';
import type { LicenseKeys } from './domain/license-keys.js';
import type { LimitCounters } from './limit-counters.js';
import type { DeciderOptions, LimitPassed } from './questions.js';
import { WarnThresholds } from './warn-thresholds.js';

/** Notices when the use of a meter passes a share of a cap: once a window, whoever looks. */
export class LimitWatch {
  private readonly thresholds = new WarnThresholds();

  constructor(
    private readonly parts: {
      readonly options: DeciderOptions;
      readonly counters: LimitCounters;
      readonly keys: LicenseKeys;
      readonly log: DecisionLog;
    },
  ) {}

  /** After usage of the meter was counted, in the same transaction or later. */
  async passed(tx: Tx, license: LicenseClaims, meter: string, now: Date): Promise<LimitPassed[]> {
    const found: LimitPassed[] = [];
    const keys = this.parts.keys.of(license, meter, now);
    const limits = this.limitsOf(license, meter).flatMap(({ module, limit }) => {
      const key = keys.get(limit.window);
      return key === undefined ? [] : [{ module, limit, key }];
    });
    await this.parts.counters.ensure(
      tx,
      limits.map(({ key }) => key),
    );
    // A threshold locks its counter: in the order of everybody else, whatever order the modules stand in.
    for (const { module, limit, key } of inLockOrder(limits)) {
      for (const { share, used } of await this.thresholds.cross(tx, key, module, told(limit))) {
        found.push({ license, module, key, limit, share, used });
      }
    }
    for (const passed of found) await this.tell(tx, passed, now);
    return found;
  }

  private limitsOf(license: LicenseClaims, meter: string): { module: string; limit: LicensedLimit }[] {
    return Object.entries(license.modules)
      .flatMap(([module, { limits }]) => limits.map((limit) => ({ module, limit })))
      .filter(({ limit }) => limit.meter === meter && limit.authority === this.parts.options.plane);
  }

  private async tell(tx: Tx, passed: LimitPassed, now: Date): Promise<void> {
    const { options, log } = this.parts;
    const { key, limit, share, used } = passed;
    const answer = { share, used, limit: limit.cap, window: limit.window, behavior: limit.strategy };
    await log.record(tx, {
      decisionId: options.ids.uuid(),
      deploymentId: key.deploymentId,
      principal: 'limits',
      action: 'limits:passed',
      meter: key.meter,
      quantity: null,
      outcome: 'warn',
      code: 'LIMIT.NEAR',
      answer: JSON.stringify(answer),
      decidedAt: now,
      idempotency: null,
    });
    await options.onPassed?.(tx, passed);
  }
}

const BEYOND_CAP: readonly LicensedLimit['strategy'][] = ['soft_warning', 'overage_charge', 'throttle'];

/** Whoever may go on beyond the cap is told of when it is reached, whatever the plan warns of: nobody else would notice. */
function told(limit: LicensedLimit): LicensedLimit {
  const tellsAtCap = !BEYOND_CAP.includes(limit.strategy) || limit.warnAt.some((share) => Number(share) === 1);
  return tellsAtCap ? limit : { ...limit, warnAt: [...limit.warnAt, '1'] };
}
