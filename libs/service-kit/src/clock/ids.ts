import { randomBytes } from 'node:crypto';
import { uuidv7, type Clock } from '@biplane/kernel';

export const IDS = Symbol('IDS');

/** Names and randomness for services; pure rules take them as arguments. */
export interface Ids {
  /** UUIDv7 at the Clock's time. */
  uuid(): string;
  random(bytes: number): Uint8Array;
}

export class RandomIds implements Ids {
  constructor(private readonly clock: Clock) {}

  uuid(): string {
    return uuidv7(this.clock.now(), randomBytes(10));
  }

  random(bytes: number): Uint8Array {
    return randomBytes(bytes);
  }
}
