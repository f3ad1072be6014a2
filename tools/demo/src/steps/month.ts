import type { DemoContext, License } from '../context.js';
import { insistEqual, until } from '../expect.js';
import type { Outcome } from '../narrator.js';
import { scenario } from '../scenario.js';
import { check } from './gate.js';

/** Lets April pass: the Clock of every process moves, and the jobs themselves do what a month asks of them. */
export async function passTheMonth(context: DemoContext): Promise<Outcome> {
  const before = await context.license();
  const after = await passTo(context, scenario.monthIsOverAt);
  const decision = await check(context, 'members:records');
  insistEqual(decision.outcome, 'allow', 'the gate to answer after the month has passed');
  return {
    headline: `the clock stands at ${scenario.monthIsOverAt}; license re-issued by its job: v${before.version} → v${after.version}`,
  };
}

/** Moves the Clock by more than a day, and waits until Acme's license was renewed: it is daily, and a jump leaves days out. */
export async function passTo(context: DemoContext, instant: string): Promise<License> {
  await context.moveClockTo(instant);
  return until(
    'a license signed after the jump to be enforced',
    60_000,
    () => context.license(),
    ({ version, document, enforcedBy }) =>
      document.iat * 1000 >= Date.parse(instant) && enforcedBy.some((instance) => instance.version === version),
  );
}
