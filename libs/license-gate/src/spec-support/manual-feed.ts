import type { LicenseFeed, LicenseSink } from '../index.js';

/** A feed that brings what the test says. */
export class ManualFeed implements LicenseFeed {
  sink!: LicenseSink;
  connected = true;
  ready = true;
  rereads = 0;

  start(sink: LicenseSink): void {
    this.sink = sink;
  }

  whenReady(): Promise<void> {
    return Promise.resolve();
  }

  readAgain(): void {
    this.rereads += 1;
  }

  checkLiveness(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
