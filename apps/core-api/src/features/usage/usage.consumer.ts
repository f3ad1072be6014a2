import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { HomeClose, UsageWindow } from '@biplane/contracts';
import {
  orThrow,
  parseDeploymentId,
  parseHomeId,
  parseMeterCode,
  parseRegionCode,
  type HomeId,
  type RegionCode,
} from '@biplane/kernel';
import type { ConsumedBatch } from '@biplane/messaging';
import type { UsageWindowTotal } from './domain/window.js';
import type { ReportedLimitEvent } from './limit-events.js';
import { UsageIntake, type UsageBatch } from './usage-intake.service.js';
import type { HomeCloseRow } from './usage.store.js';

const family = 'usage.metrics';

/** Reads `usage.metrics.<region>`. What cannot be parsed never gets here: the transport dead-letters it. */
@Controller()
export class UsageConsumer {
  constructor(private readonly intake: UsageIntake) {}

  @EventPattern(family)
  async consume(@Payload() batch: ConsumedBatch): Promise<void> {
    const region = orThrow(parseRegionCode(batch.topic.slice(family.length + 1)));
    const windows: UsageWindowTotal[] = [];
    const closes: HomeCloseRow[] = [];
    const limitEvents: ReportedLimitEvent[] = [];
    const other: UsageBatch['other'][number][] = [];
    for (const { payload, key } of batch.records) {
      if (payload.name === 'UsageWindow') windows.push(windowOf(payload.data));
      else if (payload.name === 'HomeClose') closes.push(closeOf(payload.data, region, payload.event.time));
      else if (payload.name === 'LimitEvent') {
        limitEvents.push({ event: payload.data, region, key, homeId: homeOf(payload.event.source) });
      } else other.push({ type: payload.name, record: payload.data });
    }
    await this.intake.take({ region, windows, closes, limitEvents, other });
  }
}

/** Every record up names the home that sent it as its source. */
function homeOf(source: string): HomeId | null {
  const id = parseHomeId(source.startsWith('home:') ? source.slice('home:'.length) : null);
  return id.ok ? id.value : null;
}

// The schema has checked every member already; these only give the text its type.
function windowOf(data: UsageWindow): UsageWindowTotal {
  return {
    deploymentId: orThrow(parseDeploymentId(data.deploymentId)),
    meter: orThrow(parseMeterCode(data.meter)),
    aggregation: data.aggregation,
    windowStart: new Date(data.windowStart),
    windowEnd: new Date(data.windowEnd),
    homeId: orThrow(parseHomeId(data.source.homeId)),
    incarnation: data.source.incarnation,
    revision: data.revision,
    quantity: data.quantity,
    closed: data.closed,
    licenseVersion: data.licenseVersion,
    ...(data.lastAt !== undefined && { lastAt: new Date(data.lastAt) }),
  };
}

function closeOf(data: HomeClose, region: RegionCode, saidAt: string): HomeCloseRow {
  return {
    homeId: orThrow(parseHomeId(data.homeId)),
    incarnation: data.incarnation,
    hour: new Date(data.hour),
    region,
    revision: data.revision,
    windows: data.windows,
    digest: data.digest,
    closedAt: new Date(saidAt),
  };
}
