import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hourOf } from '@biplane/billing-calendar';
import { JobRunner, UnitOfWork, type Tx } from '@biplane/service-kit';
import { DedicatedHomes } from './dedicated-homes.service.js';
import { HomesStore, type StoredHome } from './homes.store.js';

/** Whether what a home closed of an hour is all here. */
type ClosedHours = (tx: Tx, homeId: string, hour: Date) => Promise<boolean>;

const EVERY_MS = 10_000;

/** Stops suspended homes, each once the hour in which its suspension began is closed: until then it has something to tell. */
@Injectable()
export class SuspendedHomes implements OnModuleInit {
  private isClosed: ClosedHours = () => Promise.resolve(false);

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly jobs: JobRunner,
    private readonly store: HomesStore,
    private readonly homes: DedicatedHomes,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'suspended-homes', everyMs: EVERY_MS, run: (now) => this.stop(now) });
  }

  /** Called by the feature that takes in what homes close, when it starts. */
  hoursClosedBy(isClosed: ClosedHours): void {
    this.isClosed = isClosed;
  }

  async stop(now: Date): Promise<void> {
    for (const home of await this.store.toStop(this.unitOfWork.reader)) {
      if (await this.hasClosed(home, now)) await this.unitOfWork.run((tx) => this.stopOne(tx, home.homeId));
    }
  }

  private async hasClosed({ homeId, suspendedAt }: StoredHome, now: Date): Promise<boolean> {
    if (suspendedAt === null) return false;
    // The last of which it has usage to tell.
    const hour = hourOf(suspendedAt);
    return hour.to <= now && (await this.isClosed(this.unitOfWork.reader, homeId, hour.from));
  }

  /** Unless it was resumed, or is to be kept, since it was looked for. */
  private async stopOne(tx: Tx, homeId: string): Promise<void> {
    const home = await this.store.lock(tx, homeId);
    if (home?.desired !== 'running' || home.suspendedAt === null || home.keptRunning) return;
    await this.homes.desire(tx, homeId, 'stopped');
  }
}
