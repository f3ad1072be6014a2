import { orThrow, parseHomeId, type HomeId } from '@biplane/kernel';

/** Under which core-api keeps what it counts itself. No home bears this id, and no bill waits for it. */
export const CONTROL_HOME: HomeId = orThrow(parseHomeId('00000000-0000-0000-0000-000000000000'));
/** core-api's own counts are never restored apart from the totals that they go into. */
export const CONTROL_INCARNATION = 1;
