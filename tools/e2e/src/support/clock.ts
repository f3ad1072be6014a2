import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { waitFor, type StackControl } from '@biplane/testing';

const STANDS_THERE_MS = 10_000;

/**
 * The Clock of every process of the stack. It only goes forward: an hour that a home has closed stays closed, so that
 * each suite takes a month of its own, later than the month of the suite before it.
 */
export class StackClock {
  constructor(
    private readonly file: string,
    private readonly control: StackControl,
  ) {}

  now(): Date {
    return new Date(Date.now() + this.offsetMs());
  }

  /** Returns once every running service says that it stands there. */
  async moveTo(instant: Date): Promise<void> {
    const now = this.now();
    if (instant <= now) throw new Error(`The Clock stands at ${now.toISOString()}, past ${instant.toISOString()}`);
    await this.set(instant, (there) => there >= instant);
  }

  /**
   * A clock that goes wrong. Only while core-api is dead, and whoever does it moves the Clock on again before core-api
   * starts: what a home sent meanwhile would be of the future, and quarantined.
   */
  async setBackTo(instant: Date): Promise<void> {
    const now = this.now();
    if (instant >= now) throw new Error(`The Clock stands at ${now.toISOString()}, before ${instant.toISOString()}`);
    await this.set(instant, (there) => there < now);
  }

  private async set(instant: Date, isThere: (now: Date) => boolean): Promise<void> {
    const scratch = `${this.file}.e2e`;
    writeFileSync(scratch, `${JSON.stringify({ offsetMs: instant.getTime() - Date.now() })}\n`);
    renameSync(scratch, this.file);
    for (const { name, running, url } of (await this.control.state()).services) {
      if (!running) continue;
      await waitFor(`${name} to stand at ${instant.toISOString()}`, async () => isThere(await nowOf(url)), {
        deadlineMs: STANDS_THERE_MS,
      });
    }
  }

  /** What is due every few seconds of the Clock is due at once. */
  advance(ms: number): Promise<void> {
    return this.moveTo(new Date(this.now().getTime() + ms));
  }

  private offsetMs(): number {
    return (JSON.parse(readFileSync(this.file, 'utf8')) as { offsetMs: number }).offsetMs;
  }
}

async function nowOf(url: string): Promise<Date> {
  const response = await fetch(`${url}/version`, { signal: AbortSignal.timeout(5_000) });
  return new Date(((await response.json()) as { now: string }).now);
}
