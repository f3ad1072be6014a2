import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { decide, type LicenseClaims } from '@biplane/licensing';
import { FakeClock, waitFor, newPlacement, TestIssuer } from '@biplane/testing';
import { createLicenseGate, UsageClient, type LimitCounter } from '../index.js';
import { LicenseGateModule, Meters, RequireModule, Ungated, type LicenseGateModuleOptions } from '../nest.entry.js';
import { ManualFeed } from '../spec-support/manual-feed.js';
import { UsageService } from '../spec-support/usage-service.js';

@Controller()
class RoutesController {
  @Get('billing')
  @RequireModule('financials:automated_billing')
  @Meters('api_calls')
  billing(): string {
    return 'billed';
  }

  @Get('search')
  @RequireModule('search:index')
  search(): string {
    return 'found';
  }

  @Get('health')
  @Ungated('asked by the load balancer')
  health(): string {
    return 'ok';
  }
}

@Controller('forgotten')
class ForgottenController {
  @Get()
  route(): string {
    return 'open to everybody';
  }
}

const clock = new FakeClock('2026-04-10T12:00:00.000Z');
const issuer = new TestIssuer('eu-1', clock.now());
const homeId = randomUUID();
const ends: (() => Promise<unknown>)[] = [];
let used: string | undefined;

/** The home's answer for the license that the gate holds, with `used` counted; none when it is undefined. */
const counterOf = (licenseOf: (id: string) => LicenseClaims | undefined): LimitCounter => ({
  ask: async ({ deploymentId, action, meter, quantity }) => {
    if (used === undefined) throw new Error('the home is away');
    const windowEndsAt = new Date('2026-04-30T14:00:00.000Z');
    const readings = [{ meter, window: 'month' as const, used, asOf: clock.now(), windowEndsAt }];
    return decide({
      license: licenseOf(deploymentId),
      deploymentId,
      action,
      meter,
      quantity,
      now: clock.now(),
      readings,
    });
  },
});

async function start(options: Partial<LicenseGateModuleOptions> = {}, controllers: Type[] = [RoutesController]) {
  const feed = new ManualFeed();
  const gate = createLicenseGate({
    rootKey: issuer.root.publicKey,
    feed,
    clock,
    homeId,
    counter: counterOf((id) => gate.licenseOf(id)),
  });
  @Module({ imports: [LicenseGateModule.forRoot({ gate, ...options })], controllers })
  class AppModule {}
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
    logger: false,
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1').catch(async (error: unknown) => {
    await app.close();
    throw error;
  });
  ends.push(() => app.close());
  const placement = newPlacement(homeId);
  await feed.sink.takeKeyStatement('k1', issuer.keyStatement('k1'));
  const url = await app.getUrl();
  return {
    app,
    placement,
    license: (changes: Partial<LicenseClaims> = {}) =>
      feed.sink.takeLicense(placement.deploymentId, issuer.sign(issuer.claims(placement, changes), 'k1')),
    get: async (path: string, headers: Record<string, string> = { 'x-deployment-id': placement.deploymentId }) => {
      const answer = await fetch(`${url}/${path}`, { headers });
      const text = await answer.text();
      const isProblem = answer.headers.get('content-type')?.startsWith('application/problem+json') ?? false;
      return {
        status: answer.status,
        headers: answer.headers,
        text,
        problem: isProblem ? (JSON.parse(text) as object) : null,
      };
    },
  };
}

beforeEach(() => {
  used = '0';
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe('a Nest service with the gate', () => {
  it('admits what is licensed, and answers refusals as problem+json with their codes', async () => {
    const { license, get, placement } = await start();
    expect(await get('billing')).toMatchObject({ status: 503, problem: { code: 'LICENSE.UNAVAILABLE' } });
    license();
    expect(await get('billing')).toMatchObject({ status: 200, text: 'billed' });
    const refused = await get('search');
    expect(refused).toMatchObject({
      status: 403,
      problem: {
        type: 'urn:biplane:error:LICENSE.MODULE_NOT_LICENSED',
        code: 'LICENSE.MODULE_NOT_LICENSED',
        licenseVersion: 1,
        requestId: expect.any(String),
      },
    });
    expect(refused.headers.get('cache-control')).toBe('no-store');
    license({ version: 2, status: 'suspended' });
    expect(await get('billing')).toMatchObject({ status: 403, problem: { code: 'LICENSE.SUSPENDED' } });
    license({
      version: 3,
      placement: { homeId: randomUUID(), epoch: 2, phase: 'serving', url: 'https://there.example' },
    });
    expect(await get('billing')).toMatchObject({ status: 421, problem: { url: 'https://there.example' } });
    expect(await get('health', {})).toMatchObject({ status: 200, text: 'ok' });
    expect((await get('billing', { 'x-deployment-id': placement.deploymentId.toUpperCase() })).status).toBe(421);
  });

  it('says when to come back: 429 at a limit, 503 when nobody can count; a warning travels in its header', async () => {
    const { license, get } = await start();
    license();
    used = '8';
    expect((await get('billing')).headers.get('license-warning')).toContain('LIMIT.NEAR');
    used = '10';
    const reached = await get('billing');
    expect(reached).toMatchObject({ status: 429, problem: { code: 'LIMIT.REACHED', limit: '10', used: '10' } });
    expect(reached.headers.get('retry-after')).toBe('86400');
    used = undefined;
    const away = await get('billing');
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '2']);
  });

  it.each([undefined, '', 'x', `${randomUUID()}; --`])('a deployment id of %p is 400', async (id) => {
    const { get } = await start();
    const headers: Record<string, string> = id === undefined ? {} : { 'x-deployment-id': id };
    expect(await get('billing', headers)).toMatchObject({ status: 400, problem: { code: 'GATE.DEPLOYMENT_INVALID' } });
  });

  it('F1: a caller that may not act for the tenant is told what it would be told of no deployment', async () => {
    const mayActFor = (request: { headers: Record<string, string> }, license: LicenseClaims): boolean =>
      request.headers['x-tenant'] === license.sub;
    const { license, get, placement } = await start({ mayActFor });
    license();
    const as = (tenant: string) => get('billing', { 'x-deployment-id': placement.deploymentId, 'x-tenant': tenant });
    const stranger = await as(randomUUID());
    const nobody = await get('billing', { 'x-deployment-id': randomUUID(), 'x-tenant': placement.tenantId });
    const told = (answer: typeof stranger) => ({ ...answer.problem, requestId: '' });
    expect(told(stranger)).toEqual(told(nobody));
    expect([stranger.status, (await as(placement.tenantId)).status]).toEqual([503, 200]);
  });

  it('takes the deployment from wherever the service keeps it', async () => {
    const { license, get, placement } = await start({
      deploymentOf: (request: { headers: Record<string, string> }) => request.headers['x-session'],
    });
    license();
    expect((await get('billing', { 'x-session': placement.deploymentId })).status).toBe(200);
    expect((await get('billing')).status).toBe(400);
  });

  it('counts admitted requests of a meter, none that was refused, and sends them before it is gone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'biplane-spool-'));
    const service = new UsageService();
    await service.start();
    const options = { url: service.url, token: 'token', spoolFolder: folder, source: 'connectors', clock, gatherMs: 5 };
    const usage = new UsageClient(options);
    const { app, license, get, placement } = await start({ usage });
    license();
    for (let call = 0; call < 3; call += 1) await get('billing');
    used = '10';
    await get('billing');
    await app.close();
    const next = new UsageClient(options);
    await next.flush();
    await next.close();
    await waitFor('the usage', () => service.stored.size > 0);
    const sums = [...service.stored.values()].map(({ subject, data }) => [subject, data.meter, data.quantity]);
    expect(sums.reduce((sum, [, , quantity]) => sum + Number(quantity), 0)).toBe(3);
    expect(sums[0]?.slice(0, 2)).toEqual([placement.deploymentId, 'api_calls']);
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('does not start with a route that declares nothing, unless its controller is exempt', async () => {
    const controllers = [RoutesController, ForgottenController];
    await expect(start({}, controllers)).rejects.toThrow(/ForgottenController\.route/);
    const { get } = await start({ exempt: [ForgottenController] }, controllers);
    expect((await get('forgotten', {})).status).toBe(200);
  });

  it('a route cannot ask for what is no module:feature', () => {
    for (const action of ['financials', 'financials:a:b', 'Financials:x', '']) {
      expect(() => RequireModule(action)).toThrow(TypeError);
    }
  });
});
