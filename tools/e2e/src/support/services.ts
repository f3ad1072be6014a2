import { waitFor, type StackControl } from '@biplane/testing';

const DIES_MS = 60_000;

/** Kills and starts services of the stack. */
export class Services {
  constructor(private readonly control: StackControl) {}

  /**
   * Starts the service so that it ends itself by SIGKILL at the named point, does the work, waits for the death, and
   * starts the service again without the point. The work must bear that its service dies under it.
   */
  async dyingAt<T>(service: string, point: string, work: () => Promise<T>): Promise<T> {
    await this.control.stop(service);
    await this.control.start(service, { env: { FAULT_POINTS: point }, waitReady: false });
    // Settled below: until then its rejection has nobody who listens.
    const working = work();
    working.catch(() => undefined);
    try {
      await waitFor(`${service} to die at ${point}`, async () => !(await this.isRunning(service)), {
        deadlineMs: DIES_MS,
        everyMs: 50,
      });
    } finally {
      // Also when it did not die: the next test needs it without its fault.
      await this.control.kill(service);
      await this.control.start(service);
    }
    return working;
  }

  async isRunning(name: string): Promise<boolean> {
    return (await this.control.state()).services.some((service) => service.name === name && service.running);
  }

  /** As a suite must find and leave them. */
  async ensureRunning(...names: readonly string[]): Promise<void> {
    for (const name of names) if (!(await this.isRunning(name))) await this.control.start(name);
  }
}
