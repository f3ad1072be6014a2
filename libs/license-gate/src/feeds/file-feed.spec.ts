import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { KeyStatement, LicenseIssued } from '@biplane/contracts';
import { FakeClock, seededRandom, seedOfRun, shuffleAndRepeat, waitFor, TestIssuer } from '@biplane/testing';
import { FileFeed, writeBundle } from '../index.js';
import { feedCases } from '../spec-support/feed-cases.js';
import { newPlacement, newWorld, type FeedRecord, type FeedWorld } from '../spec-support/feed-conformance.js';

const ACTION = 'financials:automated_billing';
const kit = { seedOfRun, seededRandom, shuffleAndRepeat, waitFor };
const clock = new FakeClock('2026-04-10T12:00:00.000Z');

let world: FeedWorld;
let file: string;

beforeEach(async () => {
  const published: FeedRecord[] = [];
  const isKey = (record: FeedRecord): record is KeyStatement => 'kid' in record;
  const isLicense = (record: FeedRecord): record is LicenseIssued => 'license' in record;
  const subject = {
    newFeed: () => new FileFeed({ file, everyMs: 50 }),
    async publish(records: readonly FeedRecord[]): Promise<void> {
      published.push(...records);
      await writeBundle(file, { keys: published.filter(isKey), licenses: published.filter(isLicense) });
    },
  };
  world = newWorld(kit, subject, new TestIssuer('eu-1', clock.now()), clock);
  file = join(await world.folder(), 'licenses.json');
});
afterEach(() => world.end());

describe('a feed from a file', () => {
  it.each(Object.entries(feedCases))('a feed from a file holds what every feed must hold: %s', async (_title, check) =>
    check(world),
  );

  it.each([
    ['half written', (text: string) => text.slice(0, text.length / 2)],
    ['empty', () => ''],
    ['another document', () => '{"licenses":{}}'],
    ['with a member that is not known', (text: string) => text.replace('"keys"', '"trusted":[],"keys"')],
  ])('a file that is %s keeps the present licenses and is counted', async (_how, damage) => {
    const placement = newPlacement();
    await world.subject.publish([world.key(), world.license(placement)]);
    const gate = await world.start();
    await gate.whenRead();
    const { license } = world.license(placement, { version: 2, status: 'suspended' }) as LicenseIssued;
    const whole = JSON.stringify({
      keys: [world.key()],
      licenses: [{ deploymentId: placement.deploymentId, license }],
    });
    await writeFile(file, damage(whole));
    await waitFor('the damage', () => gate.status().refused > 0);
    expect(gate.check(placement.deploymentId, ACTION)).toMatchObject({ isAllowed: true, licenseVersion: 1 });
    expect(gate.ready()).toBe(true);
    await writeFile(file, whole);
    await waitFor('the whole file', () => gate.licenseOf(placement.deploymentId)?.version === 2);
  });

  it('a tampered license is refused and counted, and the others of the file apply', async () => {
    const [a, b] = [newPlacement(), newPlacement()];
    await world.subject.publish([world.key(), world.license(a)]);
    const gate = await world.start();
    await gate.whenRead();
    const { deploymentId, license } = world.license(a, { version: 2 }) as LicenseIssued;
    const [header = '', , signature = ''] = license.split('.');
    const forged = Buffer.from(JSON.stringify({ ...world.issuer.claims(a), version: 2 })).toString('base64url');
    await world.subject.publish([{ deploymentId, license: `${header}.${forged}.${signature}` }, world.license(b)]);
    await waitFor('the other license', () => gate.licenseOf(b.deploymentId));
    expect(gate.licenseOf(a.deploymentId)?.version).toBe(1);
    expect(gate.status().refused).toBeGreaterThanOrEqual(1);
  });

  it('a license that is missing from the file stays: only a newer one takes it away', async () => {
    const placement = newPlacement();
    await world.subject.publish([world.key(), world.license(placement)]);
    const gate = await world.start();
    await gate.whenRead();
    const other = newPlacement();
    await writeBundle(file, { keys: [], licenses: [world.license(other) as LicenseIssued] });
    await waitFor('the other license', () => gate.licenseOf(other.deploymentId));
    expect(gate.check(placement.deploymentId, ACTION).isAllowed).toBe(true);
  });

  it('without a file it is not ready, and reads the file once it is there', async () => {
    const placement = newPlacement();
    const gate = await world.start();
    expect([gate.ready(), gate.check(placement.deploymentId, ACTION).isAllowed]).toEqual([false, false]);
    await world.subject.publish([world.key(), world.license(placement)]);
    await gate.whenRead();
    expect([gate.ready(), gate.check(placement.deploymentId, ACTION).isAllowed]).toEqual([true, true]);
  });
});
