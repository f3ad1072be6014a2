import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, JobRunner, UnitOfWork, type Tx } from '@biplane/service-kit';
import { ObservationsStore, type Observation } from './observations.store.js';

export type ObservationListener = (tx: Tx, observation: Observation) => Promise<void>;

const EVERY_MS = 1_000;
const HOMES_AT_ONCE = 100;

/** Tells what reconcilers saw to whoever waits for it: each observation once, those of a home in their order. */
@Injectable()
export class HomeObservations implements OnModuleInit {
  private readonly logger = new Logger('Homes');
  private readonly listeners: ObservationListener[] = [];

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: ObservationsStore,
    private readonly jobs: JobRunner,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'home-observations', everyMs: EVERY_MS, run: () => this.tell() });
  }

  /** Called when a feature starts. All listeners and the mark that it was told are one transaction. */
  onObserved(listener: ObservationListener): void {
    this.listeners.push(listener);
  }

  private async tell(): Promise<void> {
    for (const homeId of await this.store.waitingHomes(this.unitOfWork.reader, HOMES_AT_ONCE)) {
      try {
        await this.unitOfWork.run((tx) => this.tellOldest(tx, homeId));
      } catch (error) {
        // One home that fails holds up no other; it is told again next time.
        this.logger.error({ err: error, homeId }, 'an observation was not taken in');
      }
    }
  }

  private async tellOldest(tx: Tx, homeId: string): Promise<void> {
    const observation = await this.store.takeOldest(tx, homeId);
    if (observation === null) return;
    const { id, ...seen } = observation;
    for (const listener of this.listeners) await listener(tx, seen);
    await this.store.consumed(tx, id, this.clock.now());
  }
}
