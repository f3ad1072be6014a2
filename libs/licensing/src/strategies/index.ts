import type { StrategyName } from '../claims/claims.js';
import { allow } from './allow.js';
import { hardBlock } from './hard-block.js';
import { overageCharge } from './overage-charge.js';
import { softWarning } from './soft-warning.js';
import type { EnforcementStrategy } from './strategy.js';

const strategies: ReadonlyMap<string, EnforcementStrategy> = new Map(
  [hardBlock, softWarning, overageCharge, allow].map((strategy) => [strategy.name, strategy]),
);

/** What this release enforces. A plan with another strategy must not be published: its limit would deny everything. */
export const ENFORCEABLE_STRATEGIES: readonly StrategyName[] = [...strategies.values()].map(({ name }) => name);

/** A document of a newer release may name a strategy that this one lacks. Unknown means the strictest: it denies beyond the cap. */
export function strategyOf(name: string): EnforcementStrategy {
  return strategies.get(name) ?? hardBlock;
}
