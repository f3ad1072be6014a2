import { Injectable } from '@nestjs/common';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { HomeObject, SeenObject } from './domain/home-object.js';

/** What homes have in the cluster, as it was last seen. */
@Injectable()
export class HomeObjectsStore {
  /** The namespace of each first, then what is in it. */
  async ofHomes(tx: Tx, homeIds: readonly string[]): Promise<Map<string, HomeObject[]>> {
    const rows = await querySql<Row>(
      tx,
      `SELECT home_id::text AS "homeId", kind, name, namespace, state, reason, generation, since FROM home_object
       WHERE home_id = ANY($1::uuid[]) ORDER BY home_id, namespace NULLS FIRST, kind, name`,
      [homeIds],
    );
    const byHome = new Map<string, HomeObject[]>(homeIds.map((id) => [id, []]));
    for (const { homeId, generation, ...object } of rows) {
      byHome.get(homeId)?.push({ ...object, generation: generation === null ? null : Number(generation) });
    }
    return byHome;
  }

  async save(tx: Tx, homeId: string, objects: readonly HomeObject[]): Promise<void> {
    if (objects.length === 0) return;
    await executeSql(
      tx,
      `INSERT INTO home_object (home_id, kind, name, namespace, state, reason, generation, since)
       SELECT $1::uuid, kind, name, namespace, state, left(reason, 500), generation, $3
         FROM jsonb_to_recordset($2::text::jsonb) AS seen(kind text, name text, namespace text, state text, reason text, generation bigint)
       ON CONFLICT (home_id, kind, name) DO UPDATE SET state = excluded.state, reason = excluded.reason,
         generation = excluded.generation, since = excluded.since`,
      [homeId, JSON.stringify(objects), objects[0]!.since],
    );
  }

  async forget(tx: Tx, homeId: string, objects: readonly SeenObject[]): Promise<void> {
    if (objects.length === 0) return;
    const sql = `DELETE FROM home_object o USING unnest($2::text[], $3::text[]) AS gone(kind, name)
      WHERE o.home_id = $1::uuid AND o.kind = gone.kind AND o.name = gone.name`;
    await executeSql(tx, sql, [homeId, objects.map(({ kind }) => kind), objects.map(({ name }) => name)]);
  }
}

type Row = Omit<HomeObject, 'generation'> & { readonly homeId: string; readonly generation: bigint | null };
