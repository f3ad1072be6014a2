import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { parseUsageBody, type UsageEvent, type UsageItem } from '@biplane/contracts';
import { err, ok, orThrow, type Clock, type Failure, type Result } from '@biplane/kernel';
import type { LicenseClaims } from '@biplane/licensing';
import { CLOCK, faultPoint, isValueRefused, UnitOfWork } from '@biplane/service-kit';
import { TenantLicenseService } from '../license/index.js';
import { contentOf, judge } from './domain/reading.js';
import { firstOfEach, standings, type HashedReading, type Standing, type StoredEvent } from './domain/repeats.js';
import { WindowCutter } from './domain/window-cutter.js';
import { UsageIntakeErrors } from './domain/usage-intake.errors.js';
import type { MeteredLicenses } from './metrics.ports.js';
import { takeEvents } from './metrics.store.js';

export interface UsageResult {
  /** As sent; null when the item has none that could be repeated. */
  readonly id: string | null;
  readonly status: 'accepted' | 'duplicate' | 'rejected';
  readonly code?: string;
  readonly detail?: string;
}

export interface UsageAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: readonly UsageResult[];
}

/** Takes usage in: what it answers as accepted is durable and counted, once. */
@Injectable()
export class MetricsService {
  private readonly cutter = new WindowCutter();

  constructor(
    @Inject(TenantLicenseService) private readonly licenses: MeteredLicenses,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** `tenantId`: a submitter that is bound to one tenant; for it there are no other deployments. */
  async accept(body: unknown, tenantId?: string): Promise<UsageAnswer> {
    const items = orThrow(parseUsageBody(body));
    const now = this.clock.now();
    const judged = this.judgeAll(items, tenantId, now);
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

  private judgeAll(items: readonly UsageItem[], tenantId: string | undefined, now: Date): Result<HashedReading>[] {
    // Looked up once a batch: all its events are judged by one version of each license.
    const licenses = new Map<string, LicenseClaims | undefined>();
    const licenseFor = ({ subject }: UsageEvent): LicenseClaims | undefined => {
      if (!licenses.has(subject)) licenses.set(subject, this.licenseOf(subject, tenantId));
      return licenses.get(subject);
    };
    return items.map(({ result }) => {
      if (!result.ok) return result;
      const judged = judge(result.value, licenseFor(result.value), now, this.cutter);
      if (!judged.ok) return judged;
      const contentHash = createHash('sha256').update(contentOf(judged.value)).digest('hex');
      return ok({ ...judged.value, contentHash });
    });
  }

  private licenseOf(deploymentId: string, tenantId: string | undefined): LicenseClaims | undefined {
    const license = this.licenses.ownLicenseOf(deploymentId);
    return tenantId === undefined || license?.sub === tenantId ? license : undefined;
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
    const stored = await this.unitOfWork.run(async (tx) => {
      const taken = await takeEvents(tx, firstOfEach(readings), now);
      faultPoint('metrics.after_insert_before_commit');
      return taken;
    });
    return standings(readings, (key) => storedUnder(stored, key));
  }
}

function storedUnder(stored: ReadonlyMap<string, StoredEvent>, key: string): StoredEvent {
  const event = stored.get(key);
  if (event === undefined) throw new Error('An event that was written is not stored');
  return event;
}

function answerOf(
  items: readonly UsageItem[],
  standingOf: (index: number) => Result<Standing | object> | undefined,
): UsageAnswer {
  const tally = { accepted: 0, duplicates: 0, rejected: 0 };
  const results = items.map(({ id }, index): UsageResult => {
    const standing = standingOf(index);
    if (standing === undefined) throw new Error('An event has no result');
    if (!standing.ok) {
      tally.rejected += 1;
      return rejected(id, standing.error);
    }
    if (standing.value === 'duplicate') {
      tally.duplicates += 1;
      return { id, status: 'duplicate' };
    }
    tally.accepted += 1;
    return { id, status: 'accepted' };
  });
  return { ...tally, results };
}

function rejected(id: string | null, { code, detail }: Failure): UsageResult {
  return { id, status: 'rejected', code, detail };
}
