import { Injectable } from '@nestjs/common';
import { querySql, type Tx } from '@biplane/service-kit';
import type { Placement } from './deployment.js';
import type { DeploymentState } from './domain/deployment-state.js';
import type { StateChange } from './domain/stretches.js';

/** What is known for ever of a deployment: when it was ready first, in which state and in which home it was when. */
export interface DeploymentHistory {
  readonly deploymentId: string;
  readonly firstReadyAt: Date | null;
  readonly changes: readonly StateChange[];
  /** By epoch. */
  readonly placements: readonly Placement[];
}

@Injectable()
export class DeploymentHistoriesStore {
  async of(tx: Tx, ids: readonly string[]): Promise<DeploymentHistory[]> {
    if (ids.length === 0) return [];
    return (await querySql<Row>(tx, historiesSql, [ids])).map(toHistory);
  }
}

const historiesSql = `
  SELECT d.id::text AS "deploymentId", d.first_ready_at AS "firstReadyAt",
         (SELECT json_agg(json_build_array(e.to_state, (extract(epoch FROM e.at) * 1000)::bigint) ORDER BY e.id)::text
            FROM deployment_event e WHERE e.deployment_id = d.id) AS changes,
         (SELECT json_agg(json_build_array(p.home_id, p.home_url, p.epoch, (extract(epoch FROM p.from_at) * 1000)::bigint,
                                           (extract(epoch FROM p.to_at) * 1000)::bigint) ORDER BY p.epoch)::text
            FROM placement p WHERE p.deployment_id = d.id) AS placements
    FROM deployment d WHERE d.id = ANY($1::uuid[])`;

interface Row {
  readonly deploymentId: string;
  readonly firstReadyAt: Date | null;
  readonly changes: string | null;
  readonly placements: string | null;
}

function toHistory({ deploymentId, firstReadyAt, changes, placements }: Row): DeploymentHistory {
  const states = JSON.parse(changes ?? '[]') as [DeploymentState, number][];
  const homes = JSON.parse(placements ?? '[]') as [string, string, number, number, number | null][];
  return {
    deploymentId,
    firstReadyAt,
    changes: states.map(([to, at]) => ({ to, at: new Date(at) })),
    placements: homes.map(([homeId, homeUrl, epoch, from, to]) => {
      return { homeId, homeUrl, epoch, from: new Date(from), to: to === null ? null : new Date(to) };
    }),
  };
}
