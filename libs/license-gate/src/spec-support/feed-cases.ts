import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { newPlacement, type FeedRecord, type FeedWorld } from './feed-conformance.js';

const ACTION = 'financials:automated_billing';
type Case = (world: FeedWorld) => Promise<void>;

/** What every feed must do with a gate behind it, whatever its source. */
export const feedCases: Readonly<Record<string, Case>> = {
  'is ready once all that was there is read, with nothing in it too': async (world) => {
    const placement = newPlacement();
    await world.subject.publish([world.key(), world.license(placement)]);
    const gate = await world.start();
    await gate.whenRead();
    expect(gate.ready()).toBe(true);
    expect(gate.check(placement.deploymentId, ACTION)).toMatchObject({ isAllowed: true, licenseVersion: 1 });
    expect(gate.check(randomUUID(), ACTION)).toMatchObject({ outcome: 'deny', code: 'LICENSE.UNAVAILABLE' });
  },

  'enforces what comes later': async (world) => {
    const { waitFor } = world.kit;
    const placement = newPlacement();
    await world.subject.publish([world.key(), world.license(placement)]);
    const gate = await world.start();
    await gate.whenRead();
    const changed: string[] = [];
    gate.onChange((ids) => changed.push(...ids));
    await world.subject.publish([world.license(placement, { version: 2, status: 'suspended' })]);
    const decision = () => gate.check(placement.deploymentId, ACTION);
    await waitFor('the suspension', () => decision().code === 'LICENSE.SUSPENDED');
    expect(changed).toContain(placement.deploymentId);
  },

  'A4: licenses shuffled, repeated, lost and replayed end at the highest versions': async (world) => {
    const { seededRandom, seedOfRun, shuffleAndRepeat, waitFor } = world.kit;
    const seed = seedOfRun();
    const random = seededRandom(seed);
    const placements = Array.from({ length: 12 }, () => newPlacement());
    const all = placements.flatMap((placement) => {
      const highest = 2 + Math.floor(random() * 5);
      return Array.from({ length: highest }, (_, index) => ({ placement, version: index + 1, highest }));
    });
    // Any may be lost but the highest: the topic keeps that one.
    const delivered = all.filter(({ version, highest }) => version === highest || random() < 0.6);
    const signed = delivered.map(({ placement, version }) => world.license(placement, { version }));
    const keys: FeedRecord = world.key();
    await world.subject.publish(shuffleAndRepeat([keys, ...signed], seed));
    const gate = await world.start();
    await gate.whenRead();
    await world.subject.publish(shuffleAndRepeat(signed, seed + 1)); // replayed, long after
    await world.subject.publish([world.license(newPlacement(), { version: 1 })]);
    const expected = placements.map(({ deploymentId }) => [
      deploymentId,
      Math.max(...all.filter(({ placement }) => placement.deploymentId === deploymentId).map((each) => each.version)),
    ]);
    const held = () => placements.map(({ deploymentId }) => [deploymentId, gate.licenseOf(deploymentId)?.version]);
    await waitFor(`the highest versions of seed ${seed}`, () => JSON.stringify(held()) === JSON.stringify(expected));
  },

  'B2: an older license that is replayed after a revocation is refused, after a restart too': async (world) => {
    const { waitFor } = world.kit;
    const placement = newPlacement();
    const old = world.license(placement, { version: 3 });
    const cacheFolder = await world.folder();
    await world.subject.publish([world.key(), old]);
    const gate = await world.start({ cacheFolder });
    await gate.whenRead();
    expect(gate.check(placement.deploymentId, ACTION).isAllowed).toBe(true);
    const code = (of: typeof gate): string | null => of.check(placement.deploymentId, ACTION).code;
    await world.subject.publish([world.license(placement, { version: 4, status: 'revoked' })]);
    await waitFor('the revocation', () => code(gate) === 'LICENSE.REVOKED');
    const later = newPlacement();
    await world.subject.publish([old, world.license(later)]);
    await waitFor('what follows the replay', () => gate.licenseOf(later.deploymentId));
    expect(code(gate)).toBe('LICENSE.REVOKED');
    await gate.stop();
    const again = await world.start({ cacheFolder });
    expect(code(again)).toBe('LICENSE.REVOKED'); // before the feed said anything
    await again.whenRead();
    expect(code(again)).toBe('LICENSE.REVOKED');
  },

  'B3: a license that stands for another deployment is refused, the present one stays': async (world) => {
    const { waitFor } = world.kit;
    const [a, b] = [newPlacement(), newPlacement()];
    const ofA = world.license(a, { version: 9 });
    await world.subject.publish([world.key(), world.license(b)]);
    const gate = await world.start();
    await gate.whenRead();
    const swapped = { deploymentId: b.deploymentId, license: (ofA as { license: string }).license };
    await world.subject.publish([swapped, ofA]);
    await waitFor('what follows the swap', () => gate.licenseOf(a.deploymentId));
    expect(gate.licenseOf(b.deploymentId)).toMatchObject({ version: 1, deployment: { id: b.deploymentId } });
    expect(gate.status().refused).toBeGreaterThanOrEqual(1);
  },

  'B7: everything learnt under a revoked key is forgotten, and what the others signed applies': async (world) => {
    const { waitFor } = world.kit;
    const [placement, stolenOnly] = [newPlacement(), newPlacement()];
    const stolen = `stolen-${randomUUID()}`;
    const cacheFolder = await world.folder();
    const version = Number.MAX_SAFE_INTEGER;
    await world.subject.publish([world.key(), world.key(stolen)]);
    await world.subject.publish([
      world.license(placement, { version: 2 }),
      world.license(placement, { version }, stolen),
      world.license(stolenOnly, { version }, stolen),
    ]);
    const gate = await world.start({ cacheFolder });
    await gate.whenRead();
    await waitFor('the stolen license', () => gate.licenseOf(placement.deploymentId)?.version === version);
    await world.subject.publish([world.key(stolen, 'revoked')]);
    const present = () => [placement, stolenOnly].map((each) => gate.licenseOf(each.deploymentId)?.version);
    await waitFor('the genuine one', () => JSON.stringify(present()) === '[2,null]', { deadlineMs: 60_000 });
    await gate.stop();
    const again = await world.start({ cacheFolder });
    expect(again.licenseOf(stolenOnly.deploymentId)).toBeUndefined();
    await waitFor('the genuine one again', () => again.licenseOf(placement.deploymentId)?.version === 2);
  },
};
