import { hash } from 'node:crypto';
import { parseUsageBody, type UsageItem } from '@biplane/contracts';
import { err, ok, orThrow, type Clock, type Result } from '@biplane/kernel';
import type { MeterAuthority } from '@biplane/licensing';
import { faultPoint, isValueRefused, type Tx, type UnitOfWork } from '@biplane/service-kit';
import { contentOf, judge, keyOf, type MeteredDeployment } from '../judging/reading.js';
import { firstOfEach, standings, type HashedReading, type Standing, type StoredEvent } from '../judging/repeats.js';
import { WindowCutter } from '../judging/window-cutter.js';
import { UsageIntakeErrors } from '../metering.errors.js';
import { answerOf, type UsageAnswer } from './usage-answer.js';

export interface UsageIntakeOptions {
  /** Which meters are counted here. */
  readonly plane: MeterAuthority;
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  /** Undefined: there is no such deployment, or not for whoever asks. Asked once a batch and subject. */
  readonly deploymentsOf: (
    subjects: ReadonlySet<string>,
    tenantId: string | undefined,
  ) => Promise<ReadonlyMap<string, MeteredDeployment>>;
  /**
   * Stores what no one stored before and all that follows from it, in the given transaction; answers what stood under keys
   * before. The readings are distinct and sorted by key.
   */
  readonly take: (tx: Tx, readings: readonly HashedReading[], now: Date) => Promise<ReadonlyMap<string, StoredEvent>>;
}

/** Takes usage in, by the same rules in both planes: what it answers as accepted is durable and counted, once. */
export class UsageIntake {
  private readonly cutter = new WindowCutter();

  constructor(private readonly options: UsageIntakeOptions) {}

  /** `tenantId`: a submitter that is bound to one tenant; for it there are no other deployments. */
  async accept(body: unknown, tenantId?: string): Promise<UsageAnswer> {
    const items = orThrow(parseUsageBody(body));
    const now = this.options.clock.now();
    const judged = await this.judgeAll(items, tenantId, now);
    const stood = await this.write(
      judged.flatMap((reading) => (reading.ok ? [reading.value] : [])),
      now,
    );
    faultPoint('metrics.after_commit_before_reply');
    let next = 0;
    return answerOf(items, (index) => {
      const reading = judged[index];
      return reading?.ok === true ? stood[next++] : reading;
    });
  }

  private async judgeAll(
    items: readonly UsageItem[],
    tenantId: string | undefined,
    now: Date,
  ): Promise<Result<HashedReading>[]> {
    const { deploymentsOf, plane } = this.options;
    const subjects = new Set(items.flatMap(({ result }) => (result.ok ? [result.value.subject] : [])));
    const deployments = await deploymentsOf(subjects, tenantId);
    return items.map(({ result }) => {
      if (!result.ok) return result;
      const judged = judge(result.value, deployments.get(result.value.subject), plane, now, this.cutter);
      if (!judged.ok) return judged;
      const { value } = judged;
      return ok(Object.assign(value, { key: keyOf(value), contentHash: hash('sha256', contentOf(value)) }));
    });
  }

  /** One transaction for all. Only when a total leaves what a column holds is each event tried alone: it spoils no other. */
  private async write(readings: readonly HashedReading[], now: Date): Promise<Result<Standing>[]> {
    if (readings.length === 0) return [];
    try {
      return await this.writeTogether(readings, now);
    } catch (error) {
      if (!isValueRefused(error)) throw error;
      if (readings.length === 1) {
        return [err(UsageIntakeErrors.TOTAL_TOO_LARGE({ detail: 'The total of the window would pass 30 digits' }))];
      }
      const stood: Result<Standing>[] = [];
      for (const reading of readings) stood.push(...(await this.write([reading], now)));
      return stood;
    }
  }

  private async writeTogether(readings: readonly HashedReading[], now: Date): Promise<Result<Standing>[]> {
    const stored = await this.options.unitOfWork.run(async (tx) => {
      const taken = await this.options.take(tx, firstOfEach(readings), now);
      faultPoint('metrics.after_insert_before_commit');
      return taken;
    });
    return standings(readings, stored);
  }
}
