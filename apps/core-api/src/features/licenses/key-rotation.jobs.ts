import { Injectable, type OnModuleInit } from '@nestjs/common';
import { JobRunner, UnitOfWork } from '@biplane/service-kit';
import { keyAlarms } from './domain/key-fitness.js';
import { KeyRotations } from './key-rotation.service.js';
import { LicenseMetrics } from './license-metrics.js';
import { SigningKeysStore } from './signing-keys.store.js';

/** Carries on with the open change of the signing key, and raises the alarm before a home is stranded. */
@Injectable()
export class KeyRotationJobs implements OnModuleInit {
  constructor(
    private readonly jobs: JobRunner,
    private readonly unitOfWork: UnitOfWork,
    private readonly rotations: KeyRotations,
    private readonly keys: SigningKeysStore,
    private readonly metrics: LicenseMetrics,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'key-rotation', everyMs: 1_000, run: (now) => this.rotations.proceed(now) });
    this.jobs.register({ name: 'key-alarms', everyMs: 10_000, run: (now) => this.alarm(now) });
  }

  private async alarm(now: Date): Promise<void> {
    const tx = this.unitOfWork.reader;
    const signing = await this.keys.signing(tx);
    const missing = signing === null ? 0 : (await this.rotations.missing(tx, signing.kid, now)).length;
    this.metrics.setKeyAlarms(keyAlarms(signing, missing, now));
  }
}
