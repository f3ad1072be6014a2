import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, JobRunner, UnitOfWork } from '@biplane/service-kit';
import { sealAll } from './sealing.js';
import { SealStore } from './seal.store.js';

const EVERY_MS = 10_000;
const BATCH = 1_000;
const BATCHES_MAX = 50;
/** Every so many runs all entries are looked through, for one that was committed much later than its neighbours. */
const EVERYWHERE_EVERY = 360;

/** Chains what was committed. One at a time in all replicas; its head goes to the log, which the database cannot change. */
@Injectable()
export class AuditSealer implements OnModuleInit {
  private readonly logger = new Logger('AuditSeal');
  private runs = 0;

  constructor(
    private readonly jobs: JobRunner,
    private readonly unitOfWork: UnitOfWork,
    private readonly store: SealStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'audit-seal', everyMs: EVERY_MS, run: () => this.seal() });
  }

  async seal(): Promise<void> {
    const everywhere = this.runs % EVERYWHERE_EVERY === 0;
    this.runs += 1;
    for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
      if ((await this.sealBatch(everywhere)) < BATCH) return;
    }
  }

  private async sealBatch(everywhere: boolean): Promise<number> {
    const sealed = await this.unitOfWork.run(async (tx) => {
      if (!(await this.store.tryLock(tx))) return [];
      const seals = sealAll(await this.store.unsealed(tx, BATCH, everywhere), await this.store.last(tx));
      if (seals.length > 0) await this.store.insert(tx, seals, this.clock.now());
      return seals;
    });
    const last = sealed.at(-1);
    if (last) this.logger.log({ seq: String(last.seq), entryId: last.entryId, head: last.head }, 'the audit is sealed');
    return sealed.length;
  }
}
