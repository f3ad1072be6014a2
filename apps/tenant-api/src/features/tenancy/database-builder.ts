import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import type { LicenseClaims } from '@biplane/licensing';
import { CLOCK, faultPoint, migrate } from '@biplane/service-kit';
import { DatabaseVisit } from './database-visit.js';
import { nextStep, type Observation, type Step, type StuckReason } from './domain/next-step.js';
import { codeOf, type Session } from './server-session.js';
import { hasAdmin, readAdmin, readMark, readSchema, writeAdmin, writeMark } from './tenant-database.store.js';
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
    const visit = new DatabaseVisit(this.server, request.license.deployment.id, request.passwords);
    try {
      return await this.buildIn(session, request, visit);
    } finally {
      await visit.leave();
    }
  }

  private async buildIn(session: Session, request: BuildRequest, visit: DatabaseVisit): Promise<Built> {
    let lastStep: Step | undefined;
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const seen = await this.observe(session, request, visit);
      const verdict = nextStep(seen, { ...request, lastStep });
      if (verdict.kind === 'stuck') return verdict;
      if (verdict.kind === 'done') return this.finished(visit);
      await this.perform(verdict.step, session, request, visit);
      faultPoint(FAULT_POINTS[verdict.step]);
      lastStep = verdict.step;
    }
    throw new Error(`The database of ${request.license.deployment.id} was not ready after ${ROUNDS_MAX} steps`);
  }

  private async observe(session: Session, request: BuildRequest, visit: DatabaseVisit): Promise<Observation> {
    const door = await this.server.observeDoor(session, request.license.deployment.id, request.passwords.epoch);
    const behind = { access: 'unknown', mark: 'unknown', schema: 'unknown', admin: 'unknown' } as const;
    if (door.database !== 'open' || door.roles !== 'complete') return { ...door, ...behind };
    try {
      return { ...door, access: 'granted', ...(await this.observeInside(request, visit)) };
    } catch (error) {
      if (REFUSED.has(codeOf(error))) return { ...door, ...behind, access: 'refused' };
      throw error;
    }
  }

  private async observeInside(
    { license }: BuildRequest,
    visit: DatabaseVisit,
  ): Promise<Pick<Observation, 'mark' | 'schema' | 'admin'>> {
    const inside = await visit.inside();
    const mark = await readMark(inside, this.server.markHomeId, license.deployment.id);
    if (mark !== 'ours') return { mark, schema: 'unknown', admin: 'unknown' };
    const schema = await readSchema(inside, this.server.schema.names);
    if (schema !== 'current') return { mark, schema, admin: 'unknown' };
    return { mark, schema, admin: await readAdmin(inside, license.bootstrap) };
  }

  private async perform(step: Step, session: Session, request: BuildRequest, visit: DatabaseVisit): Promise<void> {
    const { license, passwords } = request;
    const deploymentId = license.deployment.id;
    switch (step) {
      case 'create_database':
        return this.server.createDatabase(session, deploymentId);
      case 'create_roles':
        await visit.leave();
        return this.server.createRoles(session, deploymentId, passwords);
      case 'mark':
        return writeMark(await visit.inside(), { deploymentId, tenantId: license.sub, at: this.clock.now() });
      case 'migrate':
        await migrate({ url: visit.ownerUrl, folder: this.server.schema.folder });
        return;
      case 'bootstrap':
        if (!license.bootstrap) return;
        return writeAdmin(await visit.inside(), license.bootstrap, this.clock.now());
    }
  }

  private async finished(visit: DatabaseVisit): Promise<Built> {
    return {
      kind: 'ready',
      schemaVersion: this.server.schema.version,
      hasAdmin: await hasAdmin(await visit.inside()),
    };
  }
}
