import { Injectable } from '@nestjs/common';
import type { TenantId } from '@biplane/kernel';
import { querySql, type Tx } from '@biplane/service-kit';

/** All tenants by their ids alone, for those who go through every one of them. */
@Injectable()
export class TenantIds {
  /** At most `take`, in the order of the ids. */
  async after(tx: Tx, id: string | null, take: number): Promise<TenantId[]> {
    const sql = `SELECT id::text FROM tenant WHERE $1::uuid IS NULL OR id > $1::uuid ORDER BY tenant.id LIMIT $2::int`;
    return (await querySql<{ id: TenantId }>(tx, sql, [id, take])).map((row) => row.id);
  }

  async count(tx: Tx): Promise<number> {
    return (await querySql<{ count: number }>(tx, 'SELECT count(*)::int AS count FROM tenant'))[0]!.count;
  }
}
