import { openSession, withSession, type OpenSession, type Session } from './server-session.js';
import type { TenantServer, TenantPasswords } from './tenant-server.js';

/**
 * What is opened of one database while it is made: each login once, because to come in costs more than to ask what is asked inside. Left
 * when the logins change, and at the end.
 */
export class DatabaseVisit {
  private owner: OpenSession | null = null;
  private hasRuntimeComeIn = false;

  constructor(
    private readonly server: TenantServer,
    private readonly deploymentId: string,
    private readonly passwords: TenantPasswords,
  ) {}

  get ownerUrl(): string {
    return this.server.ownerUrl(this.deploymentId, this.passwords);
  }

  /** As its owner. Throws when either login is refused. */
  async inside(): Promise<Session> {
    if (!this.hasRuntimeComeIn) {
      await withSession(this.server.runtimeUrl(this.deploymentId, this.passwords), (session) =>
        session.query('SELECT 1'),
      );
      this.hasRuntimeComeIn = true;
    }
    this.owner ??= await openSession(this.ownerUrl);
    return this.owner;
  }

  async leave(): Promise<void> {
    const owner = this.owner;
    this.owner = null;
    this.hasRuntimeComeIn = false;
    await owner?.end().catch(() => undefined);
  }
}
