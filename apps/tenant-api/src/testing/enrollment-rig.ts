import { createHash, randomBytes } from 'node:crypto';
import type { LicenseClaims } from '@biplane/licensing';
import { FieldCipher, JobRunner, Metrics, RandomIds } from '@biplane/service-kit';
import { newPlacement, type Placement, type TestIssuer } from '@biplane/testing';
import { EnrollmentMetrics } from '../features/enrollment/enrollment.metrics.js';
import type { RegionParts } from '../features/enrollment/enrollment.ports.js';
import { EnrollmentJobs } from '../features/enrollment/enrollment.jobs.js';
import { EnrollmentService } from '../features/enrollment/enrollment.service.js';
import { GivenDatabases } from '../features/enrollment/given-databases.js';
import { HomeSecrets } from '../features/enrollment/home-secrets.js';
import { RedisHomes } from '../features/enrollment/redis-homes.js';
import { RegionHomes } from '../features/enrollment/region-homes.js';
import { RegionServer } from '../features/tenancy/region-server.js';
import { HomeReplica, type RigOptions } from './home-rig.js';

export interface PoolOptions extends RigOptions {
  readonly redisUrl: string;
  readonly parts?: Partial<RegionParts>;
}

/** One replica of a region's pool with all that enrolls dedicated homes, on real parts, wired as the modules wire it. */
export class PoolReplica {
  readonly replica: HomeReplica;
  readonly server: RegionServer;
  readonly redis: RedisHomes;
  readonly enrollment: EnrollmentService;
  readonly homes: RegionHomes;
  readonly jobs: EnrollmentJobs;
  readonly secrets: HomeSecrets;

  constructor(readonly options: PoolOptions) {
    const { clock, unitOfWork, provisionerUrl, redisUrl, fieldKey } = options;
    this.replica = new HomeReplica(options);
    const metrics = new Metrics();
    const enrollmentMetrics = new EnrollmentMetrics(metrics);
    const parts: RegionParts = {
      mail: () => null,
      kafka: { username: 'home-eu-1', password: 'of-the-region' },
      redisUrl,
      clients: () => [],
      ...options.parts,
    };
    const cipher = new FieldCipher({ current: 1, keys: new Map([[1, fieldKey]]) });
    this.server = new RegionServer(provisionerUrl);
    this.secrets = new HomeSecrets(cipher, new RandomIds(clock));
    this.redis = new RedisHomes(parts, enrollmentMetrics);
    this.enrollment = new EnrollmentService(
      this.replica.licenses,
      this.server,
      new GivenDatabases(this.replica.server, unitOfWork, clock),
      this.secrets,
      this.redis,
      parts,
      unitOfWork,
      clock,
      enrollmentMetrics,
    );
    this.homes = new RegionHomes(this.server, this.replica.handles, this.secrets, this.redis, unitOfWork, clock);
    this.jobs = new EnrollmentJobs(this.redis, this.secrets, unitOfWork, new JobRunner(clock, metrics));
  }

  async close(): Promise<void> {
    await this.replica.close();
    await this.redis.beforeApplicationShutdown();
  }
}

export interface DedicatedHome extends Placement {
  readonly token: string;
  readonly enrollment: NonNullable<LicenseClaims['enrollment']>;
}

/** A home of its own as core-api would make it, and the token that its pod holds. */
export function newDedicatedHome(): DedicatedHome {
  const placement = newPlacement();
  const token = randomBytes(32).toString('base64url');
  const tokenHash = createHash('sha256').update(token).digest('hex');
  return { ...placement, token, enrollment: { homeId: placement.homeId, tokenHash } };
}

/** The license of a dedicated home as a record of its topic. */
export function dedicatedLicense(
  issuer: TestIssuer,
  home: DedicatedHome,
  changes: Partial<LicenseClaims> = {},
  kid = 'k1',
) {
  const claims = issuer.claims(home, {
    deployment: { id: home.deploymentId, type: 'container_per_tenant', region: issuer.region },
    enrollment: home.enrollment,
    ...changes,
  });
  return issuer.licenseRecord(home.deploymentId, issuer.sign(claims, kid));
}
