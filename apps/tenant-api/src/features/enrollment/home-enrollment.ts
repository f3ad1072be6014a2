import { grantRuntimeRole, migrate } from '@biplane/service-kit';
import { withLock, withSession, type GivenAccess, type GivenDatabase } from '../tenancy/index.js';
import { buildFailureOf, enrollOnce, type EnrollmentPlace } from './enrollment-client.js';
import type { EnrollmentAnswer } from './enrollment.dto.js';

const MIGRATION_LOCK_WAIT_MS = 300_000;

/** What this dedicated home was given at its start, and how it asks again when its database lets it in no more. */
export class HomeEnrollment implements GivenAccess {
  private renewing: Promise<void> | null = null;

  constructor(
    private readonly place: EnrollmentPlace,
    private answer: EnrollmentAnswer,
  ) {}

  get homeId(): string {
    return this.place.homeId;
  }

  get sessionUrl(): string {
    return this.answer.homeDatabaseUrl;
  }

  current(): GivenDatabase | null {
    return this.answer.tenantDatabase;
  }

  /** One try; whoever needs it tries again by its own rule. Several at once share it. */
  renew(): Promise<void> {
    this.renewing ??= this.ask().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  private async ask(): Promise<void> {
    try {
      this.answer = await enrollOnce(this.place);
    } catch (error) {
      throw buildFailureOf(error);
    }
  }
}

/** Any number of replicas at once: one migrates, the others find it done. */
export async function prepareHomeDatabase(
  answer: Pick<EnrollmentAnswer, 'homeMigrationDatabaseUrl' | 'homeRuntimeRole'>,
  folder: string,
): Promise<void> {
  const url = answer.homeMigrationDatabaseUrl;
  const done = await withSession(url, (session) =>
    withLock(session, 'home-database', MIGRATION_LOCK_WAIT_MS, async () => {
      await migrate({ url, folder });
      await grantRuntimeRole({ url, role: answer.homeRuntimeRole });
    }),
  );
  if (done === null) throw new Error('Another replica has been migrating the home database for five minutes');
}
