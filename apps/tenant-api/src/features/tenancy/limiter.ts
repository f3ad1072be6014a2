import { RefusalError } from '@biplane/kernel';
import { TenancyErrors } from './tenancy.errors.js';

/** At most so many at once; so many more may wait, and the next is refused. */
export class Limiter {
  private active = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly activeMax: number,
    private readonly waitingMax: number,
  ) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.active >= this.activeMax) {
      if (this.waiting.length >= this.waitingMax) {
        throw new RefusalError(TenancyErrors.BUSY({ detail: 'Too many databases wait', retryAfterSeconds: 5 }));
      }
      // The place is handed over, so nobody who comes later can take it in between.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.active += 1;
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.active -= 1;
    }
  }
}
