import type { Clock } from '@biplane/kernel';

/** For a service that has no Clock of its own to pass in. */
export const systemClock: Clock = { now: () => new Date() };
