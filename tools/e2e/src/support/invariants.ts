import { isDeepStrictEqual } from 'node:util';
import { orThrow, parseHomeId } from '@biplane/kernel';
import { homeDatabaseName } from '@biplane/licensing';
import { checkInvariants, eventually } from '@biplane/testing';
import type { Databases } from './databases.js';
import type { E2eStack } from './stack.js';

/** What is on its way between the planes needs a moment. */
const SETTLE_MS = 60_000;
const SHOWN = 5;

/** Every invariant of invariants.sql in all databases, and that the planes agree about every hour that a home has closed. */
export async function invariantsHold(stack: E2eStack, ownHomes: readonly string[] = []): Promise<string[]> {
  const { databases } = stack;
  const homes = [stack.homeId, ...ownHomes].map((homeId) => {
    return { homeId, database: homeDatabaseName(orThrow(parseHomeId(homeId))) };
  });
  const checked: string[] = [];
  await eventually(
    async () => {
      checked.length = 0;
      checked.push(...(await checkInvariants(databases.urlOf(databases.core))));
      for (const home of homes) {
        checked.push(...(await checkInvariants(databases.urlOf(home.database))));
        await sameOnBothSides(databases, home, 'windows of closed hours', WINDOWS_OF_HOME, WINDOWS_OF_CORE);
        await sameOnBothSides(databases, home, 'closes of hours', CLOSES_OF_HOME, CLOSES_OF_CORE);
      }
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

async function sameOnBothSides(
  databases: Databases,
  { homeId, database }: { readonly homeId: string; readonly database: string },
  what: string,
  ofHome: string,
  ofCore: string,
): Promise<void> {
  const home = (await databases.query<{ line: string }>(database, ofHome)).map(({ line }) => line);
  const core = (await databases.query<{ line: string }>(databases.core, ofCore, [homeId])).map(({ line }) => line);
  if (isDeepStrictEqual(home, core)) return;
  const missing = without(home, core).slice(0, SHOWN);
  const extra = without(core, home).slice(0, SHOWN);
  throw new Error(
    `${what}: home ${homeId} has ${home.length}, core-api ${core.length}; only at home ${JSON.stringify(missing)}, only at core-api ${JSON.stringify(extra)}`,
  );
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return lines.filter((line) => !known.has(line));
}
