export const RUN_STATES = ['running', 'paused', 'stopped', 'done', 'canceled'] as const;
export type RunState = (typeof RUN_STATES)[number];
export const MIGRATION_STATES = ['pending', 'running', 'done', 'failed', 'skipped'] as const;
export type MigrationState = (typeof MIGRATION_STATES)[number];
export type StopReason = 'CANARY_FAILED' | 'TOO_MANY_FAILED';

/** What stands in the run and in its databases at one instant. */
export interface Progress {
  readonly state: RunState;
  readonly wave: number;
  readonly waves: number;
  readonly total: number;
  readonly failed: number;
  readonly canariesFailed: number;
  readonly acknowledged: number;
  readonly failuresPercentMax: number;
  /** Of the waves up to the present one: being migrated now. */
  readonly running: number;
  /** Of the same: never tried. */
  readonly untried: number;
  /** Of the same: to be tried again. */
  readonly waiting: number;
}

export type Turn =
  | { readonly kind: 'stay' }
  | { readonly kind: 'stop'; readonly reason: StopReason }
  | { readonly kind: 'advance' }
  | { readonly kind: 'finish' };

/**
 * What becomes of a run now. One canary that failed stops it, later more failures than the percentage of all its databases; those that
 * an operator has gone on after are not counted again. The canaries are waited for whatever it takes; a later wave only until each of
 * its databases was tried, so that one tenant's long transaction does not hold up all others.
 */
export function nextTurn(progress: Progress): Turn {
  if (progress.state !== 'running') return { kind: 'stay' };
  const fresh = progress.failed - progress.acknowledged;
  if (fresh > 0 && progress.canariesFailed > 0 && progress.wave === 0) return { kind: 'stop', reason: 'CANARY_FAILED' };
  if (fresh * 100 > progress.total * progress.failuresPercentMax) return { kind: 'stop', reason: 'TOO_MANY_FAILED' };
  if (progress.untried > 0) return { kind: 'stay' };
  const isLast = progress.wave + 1 >= progress.waves;
  const isAwaited = progress.wave === 0 || isLast;
  if (isAwaited && progress.running + progress.waiting > 0) return { kind: 'stay' };
  return isLast ? { kind: 'finish' } : { kind: 'advance' };
}

const COMMANDS = {
  pause: { from: ['running'], to: 'paused' },
  continue: { from: ['paused', 'stopped'], to: 'running' },
  /** Failed and skipped databases once more. */
  retry: { from: ['running', 'paused', 'stopped'], to: 'running' },
  cancel: { from: ['running', 'paused', 'stopped'], to: 'canceled' },
} as const satisfies Record<string, { from: readonly RunState[]; to: RunState }>;

export type RunCommand = keyof typeof COMMANDS;

/** The state that a command leads to, from this one; null where it cannot be given. Given twice it is done once. */
export function commanded(command: RunCommand, state: RunState): RunState | null {
  const { from, to } = COMMANDS[command];
  if (state === to && command !== 'retry') return to;
  return (from as readonly RunState[]).includes(state) ? to : null;
}
