import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import type { LicenseClaims } from '@biplane/licensing';
import { CLOCK, faultPoint, migrate, migrationStatus } from '@biplane/service-kit';
import { nextStep, type Observation, type Step, type StuckReason } from './domain/next-step.js';
import { codeOf, withSession, type Session } from './server-session.js';
import { hasAdmin, readAdmin, readMark, writeAdmin, writeMark } from './tenant-database.store.js';
import { TenantServer, type TenantPasswords } from './tenant-server.js';

export interface BuildRequest {
  readonly license: LicenseClaims;
  readonly passwords: TenantPasswords;
  readonly wasReady: boolean;
  readonly mayReplaceLost: boolean;
}

export type Built =
  | { readonly kind: 'ready'; readonly schemaVersion: string; readonly hasAdmin: boolean }
  | { readonly kind: 'stuck'; readonly reason: StuckReason };

const ROUNDS_MAX = 12;
/** 28P01 wrong password, 28000 no such role, 42501 no CONNECT privilege, 55000 not accepting connections. */
const REFUSED = new Set(['28P01', '28000', '42501', '55000']);

const FAULT_POINTS: Record<Step, string> = {
  create_database: 'tenancy.after_create_database',
  create_roles: 'tenancy.after_roles',
  mark: 'tenancy.after_mark',
  migrate: 'tenancy.after_migrate',
  bootstrap: 'tenancy.after_bootstrap',
};

/** Looks at one tenant database, does the next step, and looks again, until there is nothing to do. */
@Injectable()
export class DatabaseBuilder {
  constructor(
    @Inject(TenantServer) private readonly server: TenantServer,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** `session` holds the lock of the deployment. */
  async build(session: Session, request: BuildRequest): Promise<Built> {
    let lastStep: Step | undefined;
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const seen = await this.observe(session, request);
      const verdict = nextStep(seen, { ...request, lastStep });
      if (verdict.kind === 'stuck') return verdict;
      if (verdict.kind === 'done') return this.finished(request);
      await this.perform(verdict.step, session, request);
      faultPoint(FAULT_POINTS[verdict.step]);
      lastStep = verdict.step;
    }
    throw new Error(`The database of ${request.license.deployment.id} was not ready after ${ROUNDS_MAX} steps`);
  }

  private async observe(session: Session, request: BuildRequest): Promise<Observation> {
    const door = await this.server.observeDoor(session, request.license.deployment.id);
    const behind = { access: 'unknown', mark: 'unknown', schema: 'unknown', admin: 'unknown' } as const;
    if (door.database !== 'open' || door.roles !== 'complete') return { ...door, ...behind };
    try {
      await withSession(this.runtimeUrl(request), async (inside) => inside.query('SELECT 1'));
      return { ...door, access: 'granted', ...(await this.observeInside(request)) };
    } catch (error) {
      if (REFUSED.has(codeOf(error))) return { ...door, ...behind, access: 'refused' };
      throw error;
    }
  }

  private async observeInside({
    license,
    passwords,
  }: BuildRequest): Promise<Pick<Observation, 'mark' | 'schema' | 'admin'>> {
    const { homeId } = license.placement;
    const url = this.server.ownerUrl(license.deployment.id, passwords);
    const mark = await withSession(url, (inside) => readMark(inside, homeId, license.deployment.id));
    if (mark !== 'ours') return { mark, schema: 'unknown', admin: 'unknown' };
    const schema = await this.observeSchema(url);
    if (schema !== 'current') return { mark, schema, admin: 'unknown' };
    return { mark, schema, admin: await withSession(url, (inside) => readAdmin(inside, license.bootstrap)) };
  }

  private async observeSchema(url: string): Promise<Observation['schema']> {
    const status = await migrationStatus({ url, folder: this.server.schema.folder });
    if (status.failed.length > 0) return 'broken';
    if (status.unknown.length > 0) return 'ahead';
    return status.pending.length > 0 ? 'behind' : 'current';
  }

  private async perform(step: Step, session: Session, request: BuildRequest): Promise<void> {
    const { license, passwords } = request;
    const deploymentId = license.deployment.id;
    const url = this.server.ownerUrl(deploymentId, passwords);
    switch (step) {
      case 'create_database':
        return this.server.createDatabase(session, deploymentId);
      case 'create_roles':
        return this.server.createRoles(session, deploymentId, passwords);
      case 'mark':
        return withSession(url, (inside) =>
          writeMark(inside, { deploymentId, tenantId: license.sub, at: this.clock.now() }),
        );
      case 'migrate':
        await migrate({ url, folder: this.server.schema.folder });
        return;
      case 'bootstrap':
        if (!license.bootstrap) return;
        return this.writeAdmin(url, license.bootstrap);
    }
  }

  private async writeAdmin(url: string, bootstrap: NonNullable<LicenseClaims['bootstrap']>): Promise<void> {
    await withSession(url, (inside) => writeAdmin(inside, bootstrap, this.clock.now()));
  }

  private async finished({ license, passwords }: BuildRequest): Promise<Built> {
    const url = this.server.ownerUrl(license.deployment.id, passwords);
    return {
      kind: 'ready',
      schemaVersion: this.server.schema.version,
      hasAdmin: await withSession(url, (inside) => hasAdmin(inside)),
    };
  }

  private runtimeUrl({ license, passwords }: BuildRequest): string {
    return this.server.runtimeUrl(license.deployment.id, passwords);
  }
}
