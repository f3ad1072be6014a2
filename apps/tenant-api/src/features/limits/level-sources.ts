import { Injectable } from '@nestjs/common';
import type { LevelSource } from '@biplane/limits';
import type { Tx } from '@biplane/service-kit';

/** How many there are by the rows themselves: a decimal string. The transaction is one of the tenant's database. */
export type CountRows = (tx: Tx) => Promise<string>;

/** Which feature counts the rows of which level: asked once a database, before its first limit. */
@Injectable()
export class LevelSources implements LevelSource {
  private readonly counts = new Map<string, CountRows>();

  register(meter: string, count: CountRows): void {
    if (this.counts.has(meter)) throw new Error(`The rows of ${meter} are counted already`);
    this.counts.set(meter, count);
  }

  /** Of a level whose rows nobody counts there is nothing before the first. */
  async count(tx: Tx, meter: string): Promise<string> {
    return (await this.counts.get(meter)?.(tx)) ?? '0';
  }
}
