import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ItemCharging, type MayCharge } from '../financials/index.js';
import { LicenseKeeper } from '../license/index.js';
import { RunWork } from './run-kinds.js';

const ACTION = 'financials:automated_billing';
/** Items in one transaction: few enough that a license that goes is seen within a second, and a kill loses little. */
const ITEMS_MAX = 500;
const ACTOR = 'job:automated-billing';

/** Runs of `billing`: each period that began is charged, if the license allows it at that moment, and skipped otherwise. */
@Injectable()
export class AutomatedBilling implements OnModuleInit {
  constructor(
    @Inject(RunWork) private readonly work: RunWork,
    @Inject(ItemCharging) private readonly charging: ItemCharging,
    @Inject(LicenseKeeper) private readonly licenses: LicenseKeeper,
  ) {}

  onModuleInit(): void {
    this.work.register('billing', async (tx, { deploymentId }, run) => {
      const mayCharge = mayDo(this.licenses, deploymentId, ACTION);
      const settled = await this.charging.settleDue(tx, { id: run.id, take: ITEMS_MAX, mayCharge, actor: ACTOR });
      return { done: settled.charged, skipped: settled.skipped, isDone: settled.isDone };
    });
  }
}

/** Asked anew for each unit; answered from memory. */
export function mayDo(licenses: LicenseKeeper, deploymentId: string, action: string): MayCharge {
  return () => {
    const decision = licenses.decide(deploymentId, action);
    const licenseVersion = licenses.get(deploymentId)?.claims.version ?? null;
    if (decision.isAllowed && licenseVersion !== null) return { allowed: true, licenseVersion };
    return { allowed: false, reason: decision.code ?? 'LICENSE.UNAVAILABLE', licenseVersion };
  };
}
