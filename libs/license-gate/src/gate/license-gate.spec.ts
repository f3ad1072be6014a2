import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { decide, type Decision, type LicenseClaims, type LicensedLimit, type StrategyName } from '@biplane/licensing';
import { FakeClock, newPlacement, TestIssuer } from '@biplane/testing';
import { Registry } from 'prom-client';
import { createLicenseGate, FolderInUseError, type LicenseGate, type LicenseGateOptions } from '../index.js';
import { ManualFeed } from '../spec-support/manual-feed.js';

const ACTION = 'financials:automated_billing';
const clock = new FakeClock('2026-04-10T12:00:00.000Z');
const issuer = new TestIssuer('eu-1', clock.now());
const gates: LicenseGate[] = [];

async function newGate(options: Partial<LicenseGateOptions> = {}) {
  const feed = new ManualFeed();
  const registry = new Registry();
  const gate = createLicenseGate({ rootKey: issuer.root.publicKey, feed, clock, registry, ...options });
  gates.push(gate);
  await gate.start();
  const placement = newPlacement();
  return {
    gate,
    feed,
    placement,
    trust: (kid = 'k1', state: 'trusted' | 'revoked' = 'trusted') =>
      feed.sink.takeKeyStatement(kid, issuer.keyStatement(kid, state)),
    license: (changes: Partial<LicenseClaims> = {}, kid = 'k1') =>
      feed.sink.takeLicense(placement.deploymentId, issuer.sign(issuer.claims(placement, changes), kid)),
    metric: async (name: string) => (await registry.getSingleMetric(name)?.get())?.values ?? [],
  };
}

const withStrategy = (strategy: StrategyName): Partial<LicenseClaims> => {
  const limit: LicensedLimit = {
    meter: 'api_calls',
    authority: 'data',
    aggregation: 'sum',
    cap: '10',
    window: 'month',
    strategy,
    warnAt: [],
    ...(strategy === 'throttle' && { rate: { perSecond: '5', burst: 1 } }),
  };
  return { modules: { financials: { features: ['automated_billing'], limits: [limit] } } };
};

afterEach(async () => {
  clock.set('2026-04-10T12:00:00.000Z');
  for (const gate of gates.splice(0)) await gate.stop();
});

describe('LicenseGate', () => {
  it('answers at once from memory, and denies whatever it does not know', async () => {
    const { gate, trust, license, placement, metric } = await newGate();
    await trust();
    license();
    const { deploymentId } = placement;
    expect(gate.check(deploymentId, ACTION)).toMatchObject({ outcome: 'allow', licenseVersion: 1 });
    const denied = [
      gate.check(deploymentId, 'search:index'),
      gate.check(deploymentId, 'financials:statement_runs'),
      gate.check(deploymentId, 'financials'),
      gate.check(deploymentId, 'financials:automated_billing:x'),
      gate.check(randomUUID(), ACTION),
      gate.check('constructor', 'constructor:constructor'),
    ];
    expect(denied.map(({ outcome }) => outcome)).toEqual(Array(6).fill('deny'));
    expect(await metric('subscription_checks_total')).toEqual([
      expect.objectContaining({ labels: { outcome: 'allow', plane: 'data' }, value: 1 }),
      expect.objectContaining({ labels: { outcome: 'deny', plane: 'data' }, value: 6 }),
    ]);
    expect((await metric('licenses_held'))[0]).toMatchObject({ value: 1 });
  });

  it.each([undefined, null, '', 7])('B3: a check for %j throws instead of deciding', async (nobody) => {
    const { gate, trust, license } = await newGate();
    await trust();
    license();
    expect(() => gate.check(nobody as never, ACTION)).toThrow(TypeError);
    expect(() => gate.check(nobody as never, ACTION, { meter: 'api_calls' })).toThrow(TypeError);
  });

  it('B6: a license whose key is missing waits, alarms after a minute, and applies when the key comes; the present one stays', async () => {
    const alarms: string[] = [];
    const { gate, trust, license, placement, metric } = await newGate({ warn: (message) => alarms.push(message) });
    const { deploymentId } = placement;
    license({}, 'k2');
    expect(gate.check(deploymentId, ACTION).isAllowed).toBe(false);
    await trust('k1');
    license({ version: 2 }, 'k1');
    license({ version: 3, modules: {} }, 'k2');
    await gate.tick();
    expect(gate.check(deploymentId, ACTION)).toMatchObject({ isAllowed: true, licenseVersion: 2 });
    clock.advance(59_999);
    await gate.tick();
    expect(gate.status()).toMatchObject({ waiting: 2, isWaitingLong: false });
    clock.advance(1);
    await gate.tick();
    await gate.tick();
    expect(gate.status().isWaitingLong).toBe(true);
    expect(alarms.filter((alarm) => alarm.includes('waited a minute'))).toHaveLength(1);
    expect((await metric('licenses_waiting_seconds'))[0]).toMatchObject({ value: 60 });
    expect(gate.check(deploymentId, ACTION)).toMatchObject({ isAllowed: true, licenseVersion: 2 });
    await trust('k2');
    await gate.tick();
    expect(gate.check(deploymentId, ACTION)).toMatchObject({ code: 'LICENSE.MODULE_NOT_LICENSED', licenseVersion: 3 });
    expect(gate.status()).toMatchObject({ waiting: 0, isWaitingLong: false, trustedKids: ['k1', 'k2'] });
  });

  it('B7: a revoked key takes its licenses along at once, and the feed is read again', async () => {
    const { gate, feed, trust, license, placement } = await newGate();
    await trust('k1');
    license({ version: Number.MAX_SAFE_INTEGER }, 'k1');
    const lost: string[] = [];
    const stopListening = gate.onChange((ids) => lost.push(...ids));
    await trust('k1', 'revoked');
    expect([lost, feed.rereads]).toEqual([[placement.deploymentId], 1]);
    expect(gate.check(placement.deploymentId, ACTION).code).toBe('LICENSE.UNAVAILABLE');
    await trust('k1');
    license({}, 'k1'); // an older statement trusts nothing anew
    expect(gate.check(placement.deploymentId, ACTION).isAllowed).toBe(false);
    stopListening();
    await trust('k2');
    license({}, 'k2');
    expect([gate.licenseOf(placement.deploymentId)?.version, lost.length]).toEqual([1, 1]);
  });

  it('a revoked key opens nothing more although the disk takes nothing, and the folder is free after the stop', async () => {
    const cacheFolder = await mkdtemp(join(tmpdir(), 'biplane-gate-'));
    const { gate, trust, license, placement } = await newGate({ cacheFolder });
    await trust();
    license();
    await gate.flush();
    await rm(cacheFolder, { recursive: true });
    await trust('k1', 'revoked');
    expect(gate.check(placement.deploymentId, ACTION).code).toBe('LICENSE.UNAVAILABLE');
    await trust('k2');
    license({}, 'k2');
    expect(gate.check(placement.deploymentId, ACTION).isAllowed).toBe(true);
    await expect(gates.pop()?.stop()).rejects.toThrow('ENOENT');
    await (await newGate({ cacheFolder })).gate.stop();
    await rm(cacheFolder, { recursive: true });
  });

  it('a start that found the folder in use can be tried again', async () => {
    const cacheFolder = await mkdtemp(join(tmpdir(), 'biplane-gate-'));
    const first = await newGate({ cacheFolder });
    const feed = new ManualFeed();
    const second = createLicenseGate({ rootKey: issuer.root.publicKey, feed, clock, cacheFolder });
    await expect(second.start()).rejects.toThrow(FolderInUseError);
    await first.gate.stop();
    await second.start();
    expect(feed.sink).toBeDefined();
    await second.stop();
    await rm(cacheFolder, { recursive: true });
  });

  it('beside a home it sends deployments of another home away', async () => {
    const homeId = randomUUID();
    const { gate, trust, license, placement } = await newGate({ homeId });
    await trust();
    license({ placement: { homeId, epoch: 1, phase: 'serving', url: 'https://here.example' } });
    expect(gate.check(placement.deploymentId, ACTION).isAllowed).toBe(true);
    license({
      version: 2,
      placement: { homeId: randomUUID(), epoch: 2, phase: 'serving', url: 'https://there.example' },
    });
    expect(gate.check(placement.deploymentId, ACTION).code).toBe('LICENSE.ELSEWHERE');
  });

  it('an expired license denies from its exp on, and a clock set back gains nothing', async () => {
    const { gate, trust, license, placement } = await newGate();
    await trust();
    license();
    clock.advance(7 * 24 * 3_600_000);
    expect(gate.check(placement.deploymentId, ACTION).code).toBe('LICENSE.EXPIRED');
    license({ version: 2, iat: Math.floor(clock.now().getTime() / 1000) });
    clock.set('2026-04-01T00:00:00.000Z');
    expect(gate.now().getTime()).toBeGreaterThanOrEqual(Date.parse('2026-04-17T12:00:00.000Z'));
  });
});

describe('a limit', () => {
  const answer = (changes: Partial<Decision>): Decision => ({
    ...decide({ license: null, deploymentId: 'x', action: ACTION, now: clock.now() }),
    ...changes,
  });

  it('is asked of the home, and its answer holds', async () => {
    const asked: unknown[] = [];
    const denial = answer({ outcome: 'deny', isAllowed: false, code: 'LIMIT.REACHED', behavior: 'hard_block' });
    const counter = { ask: (question: unknown) => (asked.push(question), Promise.resolve(denial)) };
    const { gate, trust, license, placement } = await newGate({ counter });
    await trust();
    license();
    const { deploymentId } = placement;
    expect(await gate.check(deploymentId, ACTION, { meter: 'api_calls', quantity: '2.5' })).toBe(denial);
    expect(asked).toEqual([{ deploymentId, action: ACTION, meter: 'api_calls', quantity: '2.5' }]);
  });

  it('is asked of the home whenever a quantity is to be held', async () => {
    const held = { ...answer({ outcome: 'allow', isAllowed: true, code: null }), reservationId: 'r1' };
    const asked: unknown[] = [];
    const counter = { ask: (question: unknown) => (asked.push(question), Promise.resolve(held)) };
    const { gate, trust, license, placement } = await newGate({ counter });
    await trust();
    license();
    const { deploymentId } = placement;
    const use = { meter: 'records', quantity: '3', reserve: true, idempotencyKey: 'import-7' };
    expect((await gate.check(deploymentId, ACTION, use)).reservationId).toBe('r1');
    expect((await gate.check(deploymentId, 'search:index', use)).isAllowed).toBe(false);
    expect(asked).toEqual([{ deploymentId, action: ACTION, ...use }]);
  });

  it('is not asked about when the license refuses anyway, or has no limit of that meter', async () => {
    const counter = { ask: () => Promise.reject(new Error('nobody should ask')) };
    const { gate, trust, license, placement, metric } = await newGate({ counter });
    const { deploymentId } = placement;
    await trust();
    license();
    expect(await gate.check(deploymentId, 'search:index', { meter: 'api_calls' })).toMatchObject({ isAllowed: false });
    expect(await gate.check(deploymentId, ACTION, { meter: 'records' })).toMatchObject({ outcome: 'allow' });
    expect((await metric('license_counter_unanswered_total'))[0]).toMatchObject({ value: 0 });
  });

  it.each([
    ['hard_block', 'deny', 'LIMIT.UNAVAILABLE'],
    ['throttle', 'delay', 'LIMIT.UNAVAILABLE'],
    ['queue', 'delay', 'LIMIT.UNAVAILABLE'],
    ['soft_warning', 'allow', null],
    ['overage_charge', 'allow', null],
    ['allow', 'allow', null],
  ] as const)('B1: without an answer in 250 ms %s is answered with %s', async (strategy, outcome, code) => {
    let aborted = false;
    const counter = {
      ask: (_question: unknown, signal: AbortSignal) => {
        signal.addEventListener('abort', () => (aborted = true));
        return new Promise<Decision>(() => undefined);
      },
    };
    const { gate, trust, license, placement } = await newGate({ counter });
    await trust();
    license(withStrategy(strategy));
    const startedAt = performance.now();
    const decision = await gate.check(placement.deploymentId, ACTION, { meter: 'api_calls' });
    expect(decision).toMatchObject({ outcome, code });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(aborted).toBe(strategy !== 'allow');
  });

  it('with no counter at all a hard limit denies', async () => {
    const { gate, trust, license, placement } = await newGate();
    await trust();
    license();
    const decision = await gate.check(placement.deploymentId, ACTION, { meter: 'api_calls' });
    expect(decision).toMatchObject({ outcome: 'deny', code: 'LIMIT.UNAVAILABLE' });
  });
});
