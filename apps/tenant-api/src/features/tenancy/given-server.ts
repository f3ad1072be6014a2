import { tenantDatabaseName } from '@biplane/licensing';
import type { Observation } from './domain/next-step.js';
import type { TenantSchema } from './schema-folder.js';
import { codeOf, withSession, type Session } from './server-session.js';
import { TenantServer } from './tenant-server.js';

/** A tenant database and its logins as the region's pool has made them for this home. */
export interface GivenDatabase {
  readonly name: string;
  readonly epoch: number;
  readonly markHomeId: string;
  readonly ownerUrl: string;
  readonly runtimeUrl: string;
}

/** What a dedicated home was given, and how it asks for it again: whatever is half there is finished by the pool. */
export interface GivenAccess {
  readonly homeId: string;
  /** The home database: locks of deployments are held there. */
  readonly sessionUrl: string;
  current(): GivenDatabase | null;
  renew(): Promise<void>;
}

/** Injection token: `GivenAccess` of a dedicated home, null in a region's pool. */
export const GIVEN_ACCESS = Symbol('GIVEN_ACCESS');

/** 3D000: no such database. 28P01, 28000, 42501, 55000: it lets nobody in yet. */
const ABSENT = '3D000';
const CLOSED = new Set(['28P01', '28000', '42501', '55000']);

/**
 * The server as a home without rights on it sees it: through the logins that it was given, whatever passwords its registry holds. Steps
 * on the server are the pool's, so doing them means to enroll again.
 */
export class GivenTenantServer extends TenantServer {
  constructor(
    private readonly given: GivenAccess,
    schema: TenantSchema,
  ) {
    super({ provisionerUrl: given.sessionUrl, homeId: given.homeId, schema });
  }

  override get markHomeId(): string {
    return this.mustHave().markHomeId;
  }

  override async observeDoor(
    _session: Session,
    deploymentId: string,
    epoch: number,
  ): Promise<Pick<Observation, 'database' | 'roles'>> {
    const given = this.given.current();
    if (given?.epoch !== epoch || given.name !== tenantDatabaseName(deploymentId)) {
      return { database: 'open', roles: 'missing' };
    }
    const doors = [await doorBehind(given.runtimeUrl), await doorBehind(given.ownerUrl)];
    if (doors.includes('absent')) return { database: 'absent', roles: 'missing' };
    return { database: 'open', roles: doors.includes('closed') ? 'missing' : 'complete' };
  }

  override async createDatabase(): Promise<void> {
    await this.given.renew();
  }

  override async createRoles(): Promise<void> {
    await this.given.renew();
  }

  override ownerUrl(): string {
    return this.mustHave().ownerUrl;
  }

  override runtimeUrl(): string {
    return this.mustHave().runtimeUrl;
  }

  override async present(names: readonly string[]): Promise<Set<string>> {
    const given = this.given.current();
    if (given === null || !names.includes(given.name)) return new Set(names);
    return new Set((await doorBehind(given.runtimeUrl)) === 'absent' ? [] : names);
  }

  private mustHave(): GivenDatabase {
    const given = this.given.current();
    if (given === null) throw new Error('The pool has given this home no tenant database');
    return given;
  }
}

async function doorBehind(url: string): Promise<'open' | 'closed' | 'absent'> {
  try {
    await withSession(url, async (inside) => inside.query('SELECT 1'));
    return 'open';
  } catch (error) {
    const code = codeOf(error);
    if (code === ABSENT) return 'absent';
    if (CLOSED.has(code)) return 'closed';
    throw error;
  }
}
