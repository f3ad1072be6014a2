import type { Decider, CountChange, LimitKey } from '@biplane/limits';
import { addDecimal, compareDecimal, decimalToString, type Decimal } from '@biplane/kernel';
import type { LicenseClaims } from '@biplane/licensing';
import type { HashedReading, StoredEvent } from '@biplane/metering';
import type { Tx } from '@biplane/service-kit';
import type { MeteredLicenses } from './metrics.ports.js';
import { takeEvents } from './metrics.store.js';

/** No local day of any zone begins within a quarter of an hour: readings of one stand in the same counters. */
const QUARTER_MS = 15 * 60_000;

/** Readings of one meter that stand in the same counters. */
interface Together {
  readonly license: LicenseClaims;
  readonly meter: string;
  readonly keys: readonly LimitKey[];
  readonly readings: HashedReading[];
}

/** Stores usage and, in the same transaction, counts it against the limits of its meters. */
export class LimitedUsage {
  constructor(
    private readonly decider: Decider,
    private readonly licenses: MeteredLicenses,
  ) {}

  /** The readings are distinct and sorted by key. Answers what stood under their keys before. */
  async take(tx: Tx, readings: readonly HashedReading[], now: Date): Promise<ReadonlyMap<string, StoredEvent>> {
    const { counters } = this.decider;
    const limited = this.limitedOf(readings);
    // Before the usage is stored: see `LimitCounters.ensure`.
    if (limited.length > 0) {
      await counters.ensure(
        tx,
        limited.flatMap(({ keys }) => keys),
      );
    }
    const { stored } = await takeEvents(tx, readings, now);
    const fresh = limited.flatMap((together) => {
      const left = together.readings.filter(({ key }) => !stored.has(key));
      return left.length === 0 ? [] : [{ ...together, readings: left }];
    });
    if (fresh.length === 0) return stored;
    await counters.add(tx, fresh.flatMap(changesOf));
    await this.watch(tx, fresh, now);
    return stored;
  }

  /** What the counters have already: a confirmed reservation. */
  async takeCounted(tx: Tx, license: LicenseClaims, reading: HashedReading, now: Date): Promise<void> {
    await takeEvents(tx, [reading], now);
    await this.decider.passed(tx, license, reading.meter, now);
  }

  private async watch(tx: Tx, counted: readonly Together[], now: Date): Promise<void> {
    const meters = new Map(counted.map((together) => [`${together.license.aud}|${together.meter}`, together]));
    for (const [, { license, meter }] of [...meters].sort(([a], [b]) => (a < b ? -1 : 1))) {
      await this.decider.passed(tx, license, meter, now);
    }
  }

  private limitedOf(readings: readonly HashedReading[]): Together[] {
    const found = new Map<string, Together | undefined>();
    for (const reading of readings) {
      const { deploymentId, meter, occurredAt } = reading;
      const key = `${deploymentId}|${meter}|${Math.floor(occurredAt.getTime() / QUARTER_MS)}`;
      const known = found.get(key);
      if (known !== undefined) known.readings.push(reading);
      else if (!found.has(key)) found.set(key, this.togetherOf(reading));
    }
    return [...found.values()].filter((together) => together !== undefined);
  }

  private togetherOf(reading: HashedReading): Together | undefined {
    const { deploymentId, meter, occurredAt } = reading;
    const license = this.licenses.ownLicenseOf(deploymentId);
    const keys = license ? this.decider.keysOf(license, meter, occurredAt) : [];
    return license && keys.length > 0 ? { license, meter, keys, readings: [reading] } : undefined;
  }
}

function changesOf({ keys, readings }: Together): CountChange[] {
  const [first, ...rest] = readings;
  if (first === undefined) return [];
  const { aggregation } = first;
  const combine = (a: Decimal, b: Decimal): Decimal =>
    aggregation === 'sum' ? addDecimal(a, b) : compareDecimal(a, b) >= 0 ? a : b;
  const quantity = decimalToString(rest.reduce((total, { amount }) => combine(total, amount), first.amount));
  const at = rest.reduce((latest, { occurredAt }) => (occurredAt > latest ? occurredAt : latest), first.occurredAt);
  return keys.map((key) => ({ key, quantity, at }));
}
