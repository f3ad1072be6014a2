import type { DatabaseState } from '@biplane/contracts';
import type { FleetDatabaseResponse, FleetRunResponse, SkippedResponse, WaveResponse } from './fleet.dto.js';
import type { FleetPlan } from './fleet.service.js';
import type { RunRow, Tally } from './fleet.store.js';
import type { FleetRow } from './fleet-view.store.js';
import type { Shipped } from './shipped-migrations.js';

export function showRun(run: RunRow, tally: readonly Tally[]): FleetRunResponse {
  const { id, targetVersion, state, reason, wave, atOnceMax, failuresPercentMax, attemptsMax } = run;
  const { failuresAcknowledged, requestedBy } = run;
  return {
    ...{ id, targetVersion, state, reason, wave, atOnceMax, failuresPercentMax, attemptsMax },
    ...{ failuresAcknowledged, requestedBy },
    waves: wavesOf(tally),
    createdAt: run.createdAt.toISOString(),
    updatedAt: run.updatedAt.toISOString(),
    endedAt: run.endedAt?.toISOString() ?? null,
  };
}

function wavesOf(tally: readonly Tally[]): WaveResponse[] {
  const waves = new Map<number, WaveResponse>();
  for (const { wave, state, count } of tally) {
    const shown = waves.get(wave) ?? { wave, pending: 0, running: 0, done: 0, failed: 0, skipped: 0 };
    shown[state] = count;
    waves.set(wave, shown);
  }
  return [...waves.values()];
}

export function skippedOf({ skipped }: FleetPlan): SkippedResponse[] {
  const counts = new Map<string, number>();
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, databases]) => ({ reason, databases }));
}

/** The checksum of a database that no run has touched is known only where it was born with the program's schema. */
export function showDatabase(row: FleetRow, { schema, checksum }: Shipped): FleetDatabaseResponse {
  const isCurrent = row.schemaVersion === schema.version;
  return {
    ...row,
    state: row.state as DatabaseState,
    isCurrent,
    checksum: row.checksum ?? (isCurrent ? checksum : null),
    nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
    readyAt: row.readyAt?.toISOString() ?? null,
  };
}
