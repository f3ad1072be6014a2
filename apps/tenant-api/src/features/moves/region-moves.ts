import { Inject, Injectable, Optional } from '@nestjs/common';
import { tenantDatabaseName, type LicenseClaims, type LicensePlacement } from '@biplane/licensing';
import { FieldCipher, faultPoint, openDatabase, UnitOfWork } from '@biplane/service-kit';
import { homeClient } from '../../database.js';
import { resealClientSecrets } from '../access/index.js';
import { HOME, type HomeIdentity } from '../license/index.js';
import { PROVISIONER_URL, serverNames, TenantServer, urlFor, withSession, type Session } from '../tenancy/index.js';
import { copyHome } from './home-copy.js';
import { MoveReports } from './move-reports.js';
import { MOVING_REGION, type MovingRegion } from './moves.ports.js';
import { drainedSince } from './moves.store.js';
import { tenantTableWords, type TableWord } from './table-words.js';

const POOL_MAX = 2;

/** What only the region's pool can do, for it alone has rights on the server: copy between two homes, and shut one out. */
@Injectable()
export class RegionMoves {
  constructor(
    @Inject(HOME) private readonly home: HomeIdentity,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(TenantServer) private readonly server: TenantServer,
    @Inject(PROVISIONER_URL) private readonly provisionerUrl: string,
    @Inject(FieldCipher) private readonly cipher: FieldCipher,
    @Inject(MoveReports) private readonly reports: MoveReports,
    @Optional() @Inject(MOVING_REGION) private readonly region: MovingRegion | null,
  ) {}

  /** False while there is nothing to be copied yet: the old home drains, or the new one has not enrolled. */
  async copy(deploymentId: string, placement: LicensePlacement): Promise<boolean> {
    const { next, homeId: fromHomeId } = placement;
    if (next === undefined) return false;
    const [from, to] = [await this.open(fromHomeId), await this.open(next.homeId)];
    try {
      if (!from || !to) return false;
      const keptSince = await drainedSince(from.database.reader, deploymentId, next.epoch);
      if (keptSince === undefined) return false;
      const handover = { deploymentId, toEpoch: next.epoch, fromHomeId, toHomeId: next.homeId, keptSince };
      const copied = await copyHome(from.database, to.database, handover);
      faultPoint('move.after_copy');
      const tables = [...copied, ...(await this.tenantTables(deploymentId))];
      await this.reports.done({ deploymentId, toEpoch: next.epoch, step: 'copied', ofHomeId: next.homeId, tables });
      return true;
    } finally {
      await from?.close();
      await to?.close();
    }
  }

  /** E16: from here on no process writes as the home of before, one that was stopped meanwhile included. */
  async fence(deploymentId: string, { previous, homeId, epoch }: LicensePlacement): Promise<boolean> {
    if (previous === undefined || !this.region) return false;
    await this.region.fence(deploymentId, previous.epoch);
    faultPoint('move.before_reseal');
    await this.reseal(deploymentId, previous.homeId, homeId);
    await this.reports.done({ deploymentId, toEpoch: epoch, step: 'fenced', ofHomeId: previous.homeId });
    return true;
  }

  /** A home that no license names any more was left by a move, or made for one that was undone. What is retired goes another way. */
  async dropUnwanted({ deployment, placement, enrollment, status }: LicenseClaims): Promise<void> {
    if (!this.region || status === 'revoked') return;
    const wanted = new Set([placement.homeId, placement.next?.homeId, enrollment?.homeId]);
    for (const homeId of await this.region.standing(deployment.id)) {
      if (!wanted.has(homeId)) await this.region.dropHome(homeId);
    }
  }

  /** What the home of before sealed in the tenant's database goes on to be read: both homes' keys are known here alone. */
  private async reseal(deploymentId: string, fromHomeId: string, toHomeId: string): Promise<void> {
    const [from, to] = [await this.cipherOf(fromHomeId), await this.cipherOf(toHomeId)];
    if (!from || !to) return;
    await this.inTenant(deploymentId, (session) => resealClientSecrets(session, deploymentId, { from, to }));
  }

  private async cipherOf(homeId: string): Promise<FieldCipher | undefined> {
    return homeId === this.home.homeId ? this.cipher : this.region?.cipherOf(homeId);
  }

  private tenantTables(deploymentId: string): Promise<TableWord[]> {
    return this.inTenant(deploymentId, (session) =>
      tenantTableWords(async <Row extends object>(sql: string, params: readonly unknown[]) => {
        const { rows } = await session.query(sql, [...params]);
        return rows as Row[];
      }),
    );
  }

  /** As the group that owns what is in it: the logins of both homes come and go, and this pool has the server. */
  private inTenant<T>(deploymentId: string, work: (session: Session) => Promise<T>): Promise<T> {
    const { ownerGroup } = serverNames(this.home.homeId, this.server.schema.hash);
    return withSession(urlFor(this.provisionerUrl, tenantDatabaseName(deploymentId), undefined, ownerGroup), work);
  }

  private async open(homeId: string): Promise<{ database: UnitOfWork; close: () => Promise<void> } | null> {
    if (homeId === this.home.homeId) return { database: this.unitOfWork, close: async () => undefined };
    const access = await this.region?.accessTo(homeId);
    if (!access) return null;
    const database = openDatabase({
      url: access.homeDatabaseUrl,
      clientFactory: homeClient,
      poolMax: POOL_MAX,
      applicationName: 'biplane-move',
    });
    return { database, close: () => database.close() };
  }
}
