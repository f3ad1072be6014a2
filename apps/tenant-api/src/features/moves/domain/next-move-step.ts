import type { LicensePlacement } from '@biplane/licensing';

/** What a home does of a move, in the words that it reports it with. */
export type MoveStepName = 'standby_ready' | 'drained' | 'copied' | 'fenced' | 'ready' | 'cleaned';

export interface MovingHome {
  readonly homeId: string;
  readonly kind: 'shared' | 'dedicated';
}

/** What this home's own database says of the deployment's moves. */
export interface MoveRecord {
  /** Under which epochs which steps are done here. */
  readonly done: readonly { readonly toEpoch: number; readonly step: MoveStepName }[];
  /** The epoch for which its usage is refused; null while it is taken. */
  readonly heldFor: number | null;
}

export type MoveAct =
  | { readonly kind: 'step'; readonly step: MoveStepName; readonly toEpoch: number }
  /** The license has gone back: whatever was begun beyond its epoch is undone. */
  | { readonly kind: 'undo' }
  /** Nothing to do until another license comes. */
  | { readonly kind: 'settled' };

const SETTLED: MoveAct = { kind: 'settled' };
const act = (step: MoveStepName, toEpoch: number): MoveAct => ({ kind: 'step', step, toEpoch });

/**
 * The next thing that this home does by the license and by what it has done: nothing is remembered but that. Only the region's pool
 * copies and shuts out, for it alone has rights on the server; a home that drains says so itself, and so does the one that serves next.
 */
export function nextMoveStep(placement: LicensePlacement, home: MovingHome, record: MoveRecord): MoveAct {
  const has = (step: MoveStepName, toEpoch: number): boolean =>
    record.done.some((each) => each.step === step && each.toEpoch === toEpoch);
  const limit = placement.next?.epoch ?? placement.epoch;
  if (isBeyond(record, limit) || isHeldWrongly(placement, home, record)) return { kind: 'undo' };
  const { next } = placement;
  return next ? beforeFlip(placement, next, home, has) : afterFlip(placement, home, has);
}

function beforeFlip(
  placement: LicensePlacement,
  next: NonNullable<LicensePlacement['next']>,
  home: MovingHome,
  has: (step: MoveStepName, toEpoch: number) => boolean,
): MoveAct {
  const { epoch } = next;
  if (next.homeId === home.homeId && !has('standby_ready', epoch)) return act('standby_ready', epoch);
  if (placement.phase !== 'draining') return SETTLED;
  if (placement.homeId === home.homeId && !has('drained', epoch)) return act('drained', epoch);
  return home.kind === 'shared' && !has('copied', epoch) ? act('copied', epoch) : SETTLED;
}

function afterFlip(
  { homeId, epoch, previous }: LicensePlacement,
  home: MovingHome,
  has: (step: MoveStepName, toEpoch: number) => boolean,
): MoveAct {
  if (previous === undefined) return SETTLED;
  if (home.kind === 'shared' && !has('fenced', epoch)) return act('fenced', epoch);
  if (homeId === home.homeId) return has('ready', epoch) ? SETTLED : act('ready', epoch);
  if (previous.homeId === home.homeId) return has('cleaned', epoch) ? SETTLED : act('cleaned', epoch);
  return SETTLED;
}

/** Something was done for an epoch that the license does not know: that move was undone. */
function isBeyond({ done, heldFor }: MoveRecord, epoch: number): boolean {
  return done.some(({ toEpoch }) => toEpoch > epoch) || (heldFor !== null && heldFor > epoch);
}

/** It serves, and no license asks it to hold: left from a move that was undone, or from when it was moved away. */
function isHeldWrongly(placement: LicensePlacement, home: MovingHome, { heldFor }: MoveRecord): boolean {
  if (heldFor === null || placement.homeId !== home.homeId) return false;
  return placement.phase === 'serving' || heldFor !== placement.next?.epoch;
}
