import type { Tx } from '@biplane/service-kit';
import { insertLevel, readLevel, releaseLevel, setLevel, takeLevel } from './store/levels.js';

/** How many there are before the first limit is asked for, counted in the same transaction. */
export interface LevelSource {
  count(tx: Tx, meter: string): Promise<string>;
}

export interface LevelTaken {
  readonly admitted: boolean;
  /** After an admission with it, after a refusal without. */
  readonly used: string;
}

/**
 * Levels in a tenant's own database, beside the rows that they count: one conditional UPDATE in the record's own
 * transaction, so both are committed or neither.
 */
export class LevelLimits {
  constructor(private readonly source: LevelSource) {}

  /** Before the record is written. A null cap counts and never refuses. */
  async take(
    tx: Tx,
    { meter, quantity, cap }: { readonly meter: string; readonly quantity: string; readonly cap: string | null },
  ): Promise<LevelTaken> {
    const taken = await takeLevel(tx, meter, quantity, cap);
    if (taken !== undefined) return { admitted: true, used: taken };
    if ((await readLevel(tx, meter)) === undefined) {
      await insertLevel(tx, meter, await this.source.count(tx, meter));
    }
    // Once more even if the row is there: it may have come after the statement that did not find it.
    const again = await takeLevel(tx, meter, quantity, cap);
    if (again !== undefined) return { admitted: true, used: again };
    return { admitted: false, used: (await readLevel(tx, meter)) ?? '0' };
  }

  /** With the record that goes; never below nothing. */
  async release(tx: Tx, meter: string, quantity: string): Promise<void> {
    await releaseLevel(tx, meter, quantity);
  }

  /** For whoever counted the rows: sets the level right. */
  async set(tx: Tx, meter: string, level: string): Promise<void> {
    await setLevel(tx, meter, level);
  }

  /** Counted from the rows as long as no limit was asked for. */
  async read(tx: Tx, meter: string): Promise<string> {
    return (await readLevel(tx, meter)) ?? this.source.count(tx, meter);
  }
}
