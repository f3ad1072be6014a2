import type { Clock } from '@biplane/kernel';

/** A Clock that only the test moves. */
export class FakeClock implements Clock {
  private present: number;

  constructor(start: string | Date = '2026-03-31T10:00:00.000Z') {
    this.present = new Date(start).getTime();
  }

  now(): Date {
    return new Date(this.present);
  }

  set(instant: string | Date): void {
    this.present = new Date(instant).getTime();
  }

  advance(ms: number): void {
    this.present += ms;
  }
}
