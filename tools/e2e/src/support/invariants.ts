import { isDeepStrictEqual } from 'node:util';
import { checkInvariants, eventually } from '@biplane/testing';
import type { E2eStack } from './stack.js';

/** What is on its way between the planes needs a moment. */
const SETTLE_MS = 60_000;
const SHOWN = 5;

/** Every invariant of invariants.sql in both databases, and that the planes agree about every closed hour. */
export async function invariantsHold(stack: E2eStack): Promise<string[]> {
  const { databases } = stack;
  const checked: string[] = [];
  await eventually(
    async () => {
      checked.length = 0;
      checked.push(...(await checkInvariants(databases.urlOf(databases.core))));
      checked.push(...(await checkInvariants(databases.urlOf(databases.home))));
      await sameOnBothSides(stack, 'windows of closed hours', WINDOWS_OF_HOME, WINDOWS_OF_CORE);
      await sameOnBothSides(stack, 'closes of hours', CLOSES_OF_HOME, CLOSES_OF_CORE);
    },
    { deadlineMs: SETTLE_MS, everyMs: 500 },
  );
  return checked;
}

const WINDOWS_OF_HOME = `
  SELECT concat_ws('|', w.deployment_id, w.meter, extract(epoch FROM w.window_start), w.revision, trim_scale(w.quantity)) AS line
  FROM usage_window w WHERE w.closed ORDER BY 1`;
const WINDOWS_OF_CORE = `
  SELECT concat_ws('|', w.deployment_id, w.meter, extract(epoch FROM w.window_start), w.revision, trim_scale(w.quantity)) AS line
  FROM usage_window w WHERE w.closed AND w.home_id = $1 ORDER BY 1`;
const CLOSES_OF_HOME = `
  SELECT concat_ws('|', extract(epoch FROM hour), revision, windows, digest) AS line FROM hour_close ORDER BY 1`;
const CLOSES_OF_CORE = `
  SELECT concat_ws('|', extract(epoch FROM hour), revision, windows, digest) AS line
  FROM home_close WHERE home_id = $1 AND complete ORDER BY 1`;

async function sameOnBothSides(stack: E2eStack, what: string, ofHome: string, ofCore: string): Promise<void> {
  const { databases, homeId } = stack;
  const home = (await databases.query<{ line: string }>(databases.home, ofHome)).map(({ line }) => line);
  const core = (await databases.query<{ line: string }>(databases.core, ofCore, [homeId])).map(({ line }) => line);
  if (isDeepStrictEqual(home, core)) return;
  const missing = without(home, core).slice(0, SHOWN);
  const extra = without(core, home).slice(0, SHOWN);
  throw new Error(
    `${what}: the home has ${home.length}, core-api ${core.length}; only at home ${JSON.stringify(missing)}, only at core-api ${JSON.stringify(extra)}`,
  );
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return lines.filter((line) => !known.has(line));
}
