import type { DemoContext } from '../context.js';
import { insistEqual, until } from '../expect.js';
import type { Outcome } from '../narrator.js';
import { scenario } from '../scenario.js';
import { check } from './gate.js';

/** Lets April pass: the Clock of every process moves, and the jobs themselves do what a month asks of them. */
export async function passTheMonth(context: DemoContext): Promise<Outcome> {
  const before = await context.license();
  await context.moveClockTo(scenario.monthIsOverAt);
  const after = await until(
    'a license signed after the jump to be enforced',
    60_000,
    () => context.license(),
    ({ version, enforcedBy }) =>
      version > before.version && enforcedBy.some((instance) => instance.version === version),
  );
  const decision = await check(context, 'financials:automated_billing');
  insistEqual(decision.outcome, 'allow', 'the gate to answer after the month has passed');
  return {
    headline: `the clock stands at ${scenario.monthIsOverAt}; license re-issued by its job: v${before.version} → v${after.version}`,
  };
}
