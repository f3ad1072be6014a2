import { openDatabase, type PrismaAdapter } from '@biplane/service-kit';
import { LimitCounters, SliceBank, type LimitKey } from '../index.js';
import { ids, stopped, windowSource } from './rig.js';

/** One process that takes from a limit as fast as it can, for suites that race and kill it. */
export interface TakerInput {
  readonly url: string;
  readonly key: Omit<LimitKey, 'period'>;
  readonly period: { readonly from: string; readonly to: string } | null;
  readonly cap: string;
  readonly attempts: number;
  readonly now: string;
  /** How many at once. */
  readonly lanes: number;
  /** Says each admission on a line of its own, and settles nothing at the end: it waits to be killed. */
  readonly isDoomed?: boolean;
}

const input = JSON.parse(process.argv.at(-1) ?? '') as TakerInput;
const { PrismaClient } = (await import(['@biplane', 'prisma-home'].join('/'))) as {
  PrismaClient: new (options: { adapter: PrismaAdapter }) => unknown;
};
const unitOfWork = openDatabase({
  url: input.url,
  clientFactory: (adapter) => new PrismaClient({ adapter }),
  poolMax: 2,
});
const period = input.period && { from: new Date(input.period.from), to: new Date(input.period.to) };
const key: LimitKey = { ...input.key, period };
const clock = stopped(input.now);
const bank = new SliceBank({ unitOfWork, counters: new LimitCounters(windowSource), clock, ids });

const TRIES_MAX = 50;

/** Eight processes and two cores: a transaction may wait too long to begin. What did not begin has taken nothing. */
async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries === TRIES_MAX) throw error;
    }
  }
}

let left = input.attempts;
let admitted = 0;
async function lane(): Promise<void> {
  while (left > 0) {
    left -= 1;
    if ((await persistently(() => bank.take(key, input.cap, '1'))) !== 'taken') continue;
    admitted += 1;
    if (input.isDoomed) process.stdout.write('.');
  }
}
const flushing = setInterval(() => void bank.flush().catch(() => undefined), 200);
await Promise.all(Array.from({ length: input.lanes }, lane));
clearInterval(flushing);
if (!input.isDoomed) {
  bank.retire();
  await persistently(() => bank.flush());
  await unitOfWork.close();
  process.stdout.write(String(admitted));
} else {
  setInterval(() => undefined, 1_000);
}
