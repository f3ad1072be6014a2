import { Inject, Injectable } from '@nestjs/common';
import { addDecimal, decimal, decimalToString, orThrow, parseDecimal } from '@biplane/kernel';
import { limitPeriod, type LimitWindow, type MeterAggregation } from '@biplane/licensing';
import { UnitOfWork } from '@biplane/service-kit';
import type { UsageReader } from '../license/index.js';
import { WindowCallCounter } from './call-counter.service.js';
import { SharedReads } from './domain/shared-reads.js';
import { totalOf } from './metrics.store.js';

/** Totals have more digits than one quantity: a thousand events add three. */
const TOTAL_DIGITS_MAX = 42;

/** What the gate compares with a cap: the stored windows, and what this process counted in its last second. */
@Injectable()
export class WindowUsageReader implements UsageReader {
  private readonly reads = new SharedReads<string>();

  constructor(
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(WindowCallCounter) private readonly counter: WindowCallCounter,
  ) {}

  async used(
    deploymentId: string,
    meter: string,
    aggregation: MeterAggregation,
    window: LimitWindow,
    now: Date,
    timeZone: string,
  ): Promise<string> {
    const period = limitPeriod(window, now, timeZone);
    const key = [deploymentId, meter, aggregation, period?.from.getTime(), period?.to.getTime()].join('|');
    const stored = await this.reads.read(key, () =>
      totalOf(this.unitOfWork.reader, { deploymentId, meter, aggregation }, period),
    );
    if (aggregation !== 'sum') return stored;
    const pending = this.counter.pending(deploymentId, meter, period?.from ?? null);
    return decimalToString(
      addDecimal(orThrow(parseDecimal(stored, { maxDigits: TOTAL_DIGITS_MAX })), decimal(pending)),
    );
  }
}
