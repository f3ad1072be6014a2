import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { GateGuard, Meters, RequireModule, Ungated } from '@biplane/license-gate/nest';
import type { AdmitQuestion } from '@biplane/limits';
import { decide, limitPeriod, type Decision } from '@biplane/licensing';
import { FakeClock, newPlacement, TestIssuer } from '@biplane/testing';
import type { Principal, UnitOfWork } from '@biplane/service-kit';
import { HomeReplica, newFieldKey } from '../../testing/home-rig.js';
import type { AccessDecider } from './license.ports.js';
import { TenantGate } from './tenant-gate.js';

class Routes {
  @RequireModule('financials:automated_billing')
  @Meters('api_calls')
  counted(): void {}

  @RequireModule('financials:automated_billing')
  uncounted(): void {}

  @RequireModule('search:index')
  unlicensed(): void {}

  @Ungated('the test says so')
  open(): void {}
}

const clock = new FakeClock('2026-04-10T12:00:00.000Z');
const issuer = new TestIssuer('eu-1', clock.now());
const homeId = randomUUID();
const placement = newPlacement(homeId);
/** Nothing is read from or written to a database in this suite. */
const noDatabase = { reader: {}, run: () => Promise.reject(new Error('no database')) } as unknown as UnitOfWork;

/** Decides by a count that the test gives; how counts are kept is shown where they are. */
function decidingBy(used: () => Promise<string>): AccessDecider {
  const byLicense = (question: AdmitQuestion): Decision => decide({ ...question, homeId, now: clock.now() });
  const admit = async (question: AdmitQuestion): Promise<Decision> => {
    const now = clock.now();
    const { meter = '', license } = question;
    const windowEndsAt = limitPeriod('month', now, license?.calendar.timeZone ?? 'UTC')?.to ?? null;
    const reading = { meter, window: 'month', used: await used(), asOf: now, windowEndsAt } as const;
    const decision = decide({ ...question, homeId, now, readings: [reading] });
    if (decision.isAllowed) question.counted?.(now);
    return decision;
  };
  return {
    admit,
    admitNow: (question) => (question.meter === undefined ? byLicense(question) : undefined),
    check: async (question) => ({ ...(await admit(question)), decisionId: randomUUID() }),
  };
}

async function newGate(used: () => Promise<string>, changes = {}) {
  const replica = new HomeReplica({
    clock,
    unitOfWork: { ...noDatabase, run: () => Promise.resolve(undefined) } as unknown as UnitOfWork,
    rootKey: issuer.rootPublicKey,
    provisionerUrl: 'postgresql://nobody@127.0.0.1:1/none',
    homeId,
    region: 'eu-1',
    fieldKey: newFieldKey(),
    decider: decidingBy(used),
    listener: { decided: () => undefined },
  });
  await replica.keeper.takeRecord(issuer.keyRecord('k1'));
  const compact = issuer.sign(issuer.claims(placement, changes), 'k1');
  await replica.keeper.takeRecord(issuer.licenseRecord(placement.deploymentId, compact));
  const counted: string[] = [];
  const counter = {
    count: (_license: unknown, meter: string, quantity: number) => void counted.push(`${meter}+${quantity}`),
  };
  const guard = new GateGuard(new Reflector(), new TenantGate(replica.licenses, replica.keeper, counter));
  const headers: Record<string, string> = {};
  const askNow = (route: keyof Routes, id: unknown = placement.deploymentId, principal?: Partial<Principal>) =>
    guard.canActivate({
      getHandler: () => Routes.prototype[route],
      getClass: () => Routes,
      switchToHttp: () => ({
        getRequest: () => ({ headers: { 'x-deployment-id': id }, principal }),
        getResponse: () => ({ header: (name: string, value: string) => void (headers[name] = value) }),
      }),
    } as unknown as ExecutionContext);
  const ask = async (...asked: Parameters<typeof askNow>) => askNow(...asked);
  return { ask, askNow, counted, headers };
}

const refusal = (code: string, status: number) => ({ failure: expect.objectContaining({ code, status }) });

describe('GateGuard', () => {
  it('admits what is licensed, counts it once, and asks nothing of an ungated route', async () => {
    const { ask, counted } = await newGate(async () => '0');
    expect([await ask('counted'), await ask('open', undefined)]).toEqual([true, true]);
    expect(counted).toEqual(['api_calls+1']);
  });

  it('a request that names no meter is answered without a promise, admitted or refused', async () => {
    const { askNow } = await newGate(() => Promise.reject(new Error('nobody counts')));
    expect(askNow('uncounted')).toBe(true);
    expect(() => askNow('unlicensed')).toThrow(expect.objectContaining(refusal('LICENSE.MODULE_NOT_LICENSED', 403)));
  });

  it('refuses a module that is not licensed, and counts nothing', async () => {
    const { ask, counted } = await newGate(async () => '0');
    await expect(ask('unlicensed')).rejects.toMatchObject(refusal('LICENSE.MODULE_NOT_LICENSED', 403));
    expect(counted).toEqual([]);
  });

  it('refuses at the cap with Retry-After, and warns before it', async () => {
    const atCap = await newGate(async () => '10');
    await expect(atCap.ask('counted')).rejects.toMatchObject({
      failure: { code: 'LIMIT.REACHED', status: 429, retryAfterSeconds: 86_400 },
    });
    const near = await newGate(async () => '8');
    expect(await near.ask('counted')).toBe(true);
    expect(near.headers['license-warning']).toContain('LIMIT.NEAR');
  });

  it.each([
    ['suspended', { status: 'suspended' }, 'LICENSE.SUSPENDED', 403],
    ['revoked', { status: 'revoked' }, 'LICENSE.REVOKED', 403],
  ])('a %s license refuses every gated route', async (_status, changes, code, status) => {
    const { ask } = await newGate(async () => '0', changes);
    await expect(ask('counted')).rejects.toMatchObject(refusal(code, status));
  });

  it('an expired license refuses from its exp on', async () => {
    const { ask } = await newGate(async () => '0');
    clock.advance(7 * 24 * 3_600_000 - 1);
    expect(await ask('counted')).toBe(true);
    clock.advance(1);
    await expect(ask('counted')).rejects.toMatchObject(refusal('LICENSE.EXPIRED', 403));
    clock.set('2026-04-10T12:00:00.000Z');
  });

  it('F1: a client of another tenant is told what it would be told of a deployment that does not exist', async () => {
    const { ask } = await newGate(async () => '0');
    const stranger = { tenantId: randomUUID() };
    await expect(ask('counted', placement.deploymentId, stranger)).rejects.toMatchObject(
      refusal('LICENSE.UNAVAILABLE', 503),
    );
    await expect(ask('counted', randomUUID())).rejects.toMatchObject(refusal('LICENSE.UNAVAILABLE', 503));
    expect(await ask('counted', placement.deploymentId, { tenantId: placement.tenantId })).toBe(true);
  });

  it.each([undefined, '', 'x', `${randomUUID()}; --`])('a deployment id of %p is 400', async (id) => {
    const { ask } = await newGate(async () => '0');
    await expect(ask('counted', id ?? null)).rejects.toMatchObject(refusal('REQUEST.INVALID', 400));
  });

  it('a route cannot ask for what is no module:feature', () => {
    expect(() => RequireModule('financials')).toThrow(TypeError);
    expect(() => RequireModule('financials:a:b')).toThrow(TypeError);
  });
});
