import { randomUUID } from 'node:crypto';
import type { Clock } from '@biplane/kernel';
import { CLOCK, FieldCipher, UnitOfWork } from '@biplane/service-kit';
import { waitFor } from '@biplane/testing';
import { HomeObjectsStore } from '../features/homes/home-objects.store.js';
import { HomeStopsStore } from '../features/homes/home-stops.store.js';
import { HomesStore } from '../features/homes/homes.store.js';
import { WantedHomes, type Look } from '../features/homes/index.js';
import { ObservationsStore } from '../features/homes/observations.store.js';
import { ReconcileQueue } from '../features/homes/reconcile-queue.store.js';
import type { RunningCore } from './running-core.js';

/** What the look of a reconciler came to, written as it writes it once it has taken the home from its queue. */
export type SeenHomes = (homeId: string, look: Partial<Look>) => Promise<void>;

const NOTHING: Look = {
  ...{ applied: null, conditions: [], objects: null, annotations: null },
  ...{ isGone: false, isFailure: false, nextAt: null },
};

/** The reconciler of a suite without a cluster: it sees what the suite has it see. */
export function seenHomes(core: RunningCore, regions: readonly string[]): SeenHomes {
  const [unitOfWork, cipher] = [core.app.get(UnitOfWork), core.app.get(FieldCipher, { strict: false })];
  const clock = core.app.get<Clock>(CLOCK, { strict: false });
  const stores = [
    new HomesStore(),
    new ReconcileQueue(),
    new ObservationsStore(),
    new HomeStopsStore(),
    new HomeObjectsStore(),
  ] as const;
  const wanted = new WantedHomes(unitOfWork, ...stores, cipher);
  return async (homeId, look) => {
    const claim = await waitFor(`a request to look at ${homeId}`, async () => {
      const taken = { regions, take: 100, leaseMs: 1_000, holder: randomUUID() };
      return (await wanted.claim(clock.now(), taken)).find((each) => each.homeId === homeId);
    });
    const isWritten = await wanted.record(claim, { ...NOTHING, ...look }, clock.now(), () => Promise.resolve());
    if (!isWritten) throw new Error(`Another looked at ${homeId} meanwhile`);
  };
}
