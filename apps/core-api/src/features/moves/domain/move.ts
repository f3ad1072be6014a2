/** In order. Until `flip` everything can be undone; from then on a move only goes on. */
export const MOVE_STEPS = ['prepare', 'drain', 'copy', 'flip', 'serve', 'clean'] as const;
export type MoveStep = (typeof MOVE_STEPS)[number];

/** What homes report of a move, each under the epoch that is being moved to. */
export const REPORT_STEPS = ['standby_ready', 'drained', 'copied', 'fenced', 'ready', 'cleaned'] as const;
export type ReportStep = (typeof REPORT_STEPS)[number];

export interface MoveEnds {
  readonly fromHomeId: string;
  readonly toHomeId: string;
  /** The epoch that the new home will hold; no other move of the deployment ever has it. */
  readonly toEpoch: number;
}

export interface TableWord {
  readonly name: string;
  readonly rows: number;
  readonly checksum: string;
}

export interface ReportedStep {
  readonly homeId: string;
  readonly step: ReportStep;
  readonly tables: readonly TableWord[];
}

/** Who may say which step: the old home of what was its own, the new one of what it has. */
const REPORTER: Readonly<Record<ReportStep, 'from' | 'to'>> = {
  standby_ready: 'to',
  drained: 'from',
  copied: 'to',
  fenced: 'from',
  ready: 'to',
  cleaned: 'from',
};

/** Whether a home may say this of the move; a report of another epoch is of another move, however late it comes. */
export function mayReport(ends: MoveEnds, report: { homeId: string; epoch: number; step: string }): boolean {
  if (report.epoch !== ends.toEpoch || !isReportStep(report.step)) return false;
  const reporter = REPORTER[report.step] === 'from' ? ends.fromHomeId : ends.toHomeId;
  return reporter === report.homeId;
}

export function isReportStep(step: string): step is ReportStep {
  return (REPORT_STEPS as readonly string[]).includes(step);
}

/** Beyond what homes report. */
export interface MoveFacts {
  /** Null when there is none: the deployment is moving back to the pool, or the old home was the pool. */
  readonly oldDedicatedHomeIsGone: boolean | null;
  readonly isFlipped: boolean;
}

export type MoveVerdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'wait'; readonly reason: string }
  /** The two sides do not hold the same: nothing may be served from the copy. */
  | { readonly kind: 'broken'; readonly reason: string };

const DONE: MoveVerdict = { kind: 'done' };
const wait = (reason: string): MoveVerdict => ({ kind: 'wait', reason });

/** How a step stands by what was reported, in whatever order and however often it came. */
export function judgeStep(step: MoveStep, reports: readonly ReportedStep[], facts: MoveFacts): MoveVerdict {
  const said = (name: ReportStep): ReportedStep | undefined => reports.find((report) => report.step === name);
  switch (step) {
    case 'prepare':
      return said('standby_ready') ? DONE : wait('the new home does not stand by yet');
    case 'drain':
      return said('drained') ? DONE : wait('the old home still drains');
    case 'copy': {
      const [old, copy] = [said('drained'), said('copied')];
      if (!old || !copy) return wait('the homes are being copied');
      const difference = firstDifference(old.tables, copy.tables);
      return difference === null ? DONE : { kind: 'broken', reason: `the copy differs: ${difference}` };
    }
    case 'flip':
      return facts.isFlipped && said('fenced') ? DONE : wait('the old home is being shut out');
    case 'serve':
      return said('ready') ? DONE : wait('the new home does not serve yet');
    case 'clean':
      if (!said('cleaned')) return wait('the old home still has something of it');
      return facts.oldDedicatedHomeIsGone === false ? wait('the old home is still in the cluster') : DONE;
  }
}

/** The first table of which the two sides say different things; null when they agree on every one, and there is one. */
export function firstDifference(old: readonly TableWord[], copy: readonly TableWord[]): string | null {
  if (old.length === 0) return 'nothing was compared';
  const copied = new Map(copy.map((table) => [table.name, table]));
  for (const { name, rows, checksum } of old) {
    const found = copied.get(name);
    if (!found) return `${name} is missing`;
    if (found.rows !== rows) return `${name} has ${rows} rows and ${found.rows}`;
    if (found.checksum !== checksum) return `${name} has another checksum`;
    copied.delete(name);
  }
  const [more] = copied.keys();
  return more === undefined ? null : `${more} was never asked for`;
}

/** Undone by giving the old home its license back; nothing of it may be undone once the new one was named. */
export function mayRollBack(step: MoveStep): boolean {
  return MOVE_STEPS.indexOf(step) < MOVE_STEPS.indexOf('flip');
}

const MINUTE_MS = 60_000;

/** A move that hangs before the flip is undone by itself; the write pause is bounded by the two in its middle. */
export function stepDeadlineMs(step: string): number | null {
  if (step === 'prepare') return 15 * MINUTE_MS;
  if (step === 'drain') return 2 * MINUTE_MS;
  if (step === 'copy') return 10 * MINUTE_MS;
  return null;
}

export interface MoveWish {
  readonly to: 'shared' | 'container_per_tenant';
  readonly type: 'shared' | 'container_per_tenant';
  readonly state: string;
  readonly isReady: boolean;
  readonly planHasDedicatedCompute: boolean;
  readonly isRevoked: boolean;
  readonly hasPool: boolean;
}

/** Why a deployment cannot be moved there now; none when it can. */
export function moveRefusals(wish: MoveWish): string[] {
  const reasons: string[] = [];
  if (wish.type === wish.to) reasons.push(`it is ${wish.to} already`);
  if (!MOVABLE.includes(wish.state)) reasons.push(`it is ${wish.state}`);
  if (!wish.isReady) reasons.push('it was never ready');
  if (wish.isRevoked) reasons.push('its license is revoked');
  if (wish.to === 'shared' && wish.planHasDedicatedCompute) reasons.push('its plan includes dedicated compute');
  if (!wish.hasPool) reasons.push('its region has no pool, which alone can copy it');
  return reasons;
}

const MOVABLE: readonly string[] = ['trial', 'active', 'past_due'];
