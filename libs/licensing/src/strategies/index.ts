import type { StrategyName } from '../claims/claims.js';
import { allow } from './allow.js';
import { hardBlock } from './hard-block.js';
import { overageCharge } from './overage-charge.js';
import { queue } from './queue.js';
import { softWarning } from './soft-warning.js';
import type { EnforcementStrategy } from './strategy.js';
import { throttle } from './throttle.js';

/** All of them: a strategy without its file does not compile. */
const strategies: Readonly<Record<StrategyName, EnforcementStrategy>> = {
  hard_block: hardBlock,
  soft_warning: softWarning,
  overage_charge: overageCharge,
  throttle,
  queue,
  allow,
};

/** No document with another strategy verifies; one that came by another way is the strictest. */
export function strategyOf(name: StrategyName): EnforcementStrategy {
  return Object.hasOwn(strategies, name) ? strategies[name] : hardBlock;
}
