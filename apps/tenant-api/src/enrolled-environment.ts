import { homeMigrationsFolder } from './database.js';
import type { DedicatedEnvironment, TenantEnvironment } from './environment.js';
import {
  enroll,
  HomeEnrollment,
  openWaitingRoom,
  prepareHomeDatabase,
  type EnrollmentPatience,
  type EnrollmentPlace,
} from './features/enrollment/index.js';

/** A dedicated home's start, before it is a home like any other: it enrolls, and brings its home database to this program. */
export async function enrolledEnvironment(
  environment: DedicatedEnvironment,
  patience?: EnrollmentPatience,
): Promise<TenantEnvironment> {
  const waiting = await openWaitingRoom(environment.HTTP_PORT, environment.HOST);
  try {
    const enrolled = await enroll(placeOf(environment), patience && { patience });
    await prepareHomeDatabase(enrolled, homeMigrationsFolder);
    return {
      ...environment,
      HOME_DATABASE_URL: enrolled.homeDatabaseUrl,
      KAFKA_USERNAME: enrolled.kafka.username,
      KAFKA_PASSWORD: enrolled.kafka.password,
      REDIS_URL: enrolled.redis.url,
      dedicated: { environment, enrolled },
    };
  } finally {
    await waiting.close();
  }
}

/** Of a dedicated home; null in a region's pool. */
export function givenAccessOf({ dedicated }: TenantEnvironment): HomeEnrollment | null {
  return dedicated ? new HomeEnrollment(placeOf(dedicated.environment), dedicated.enrolled) : null;
}

function placeOf(environment: DedicatedEnvironment): EnrollmentPlace {
  return {
    homeId: environment.HOME_ID,
    deploymentId: environment.DEPLOYMENT_ID,
    enrollmentUrl: environment.ENROLLMENT_URL,
    tokenFile: environment.ENROLLMENT_TOKEN_FILE,
  };
}
