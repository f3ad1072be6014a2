import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Outbox } from '@biplane/messaging';
import { RandomIds, type UnitOfWork } from '@biplane/service-kit';
import { FakeClock, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { PlatformEvents, type EmittedEvent, type PlatformEvent } from './platform-events.js';

let postgres: TestPostgres;
let unitOfWork: UnitOfWork;
let events: PlatformEvents;
const clock = new FakeClock('2026-04-10T12:00:00.000Z');

beforeAll(async () => {
  postgres = await testPostgres('core');
  unitOfWork = await testUnitOfWork('core', postgres.url);
  events = new PlatformEvents(new Outbox({ clock }), new RandomIds(clock));
});
afterAll(async () => {
  await unitOfWork?.close();
  await postgres?.drop();
});

function paused(tenantId: string): PlatformEvent<'deployment.transitioned'> {
  const deploymentId = randomUUID();
  return {
    type: 'deployment.transitioned',
    tenantId,
    deploymentId,
    subject: deploymentId,
    time: clock.now(),
    data: { from: 'active', to: 'paused', at: '2026-04-10T12:00:00.000Z', reason: 'asked for' },
  };
}

const ofKey = (key: string) =>
  postgres.query<{ topic: string; headers: Record<string, string>; value: string }>(
    'SELECT topic, headers, value FROM outbox WHERE key = $1',
    [key],
  );

describe('PlatformEvents', () => {
  it('is sent when its change is committed, and not when it is rolled back', async () => {
    const [kept, undone] = [randomUUID(), randomUUID()];
    const heard: EmittedEvent[] = [];
    events.addSink(async (_, emitted) => void heard.push(...emitted));
    const event = { ...paused(kept), id: randomUUID() };
    await unitOfWork.run((tx) => events.emit(tx, event));
    const failed = unitOfWork.run(async (tx) => {
      await events.emit(tx, paused(undone));
      throw new Error('the change failed');
    });
    await expect(failed).rejects.toThrow('the change failed');

    const [row] = await ofKey(kept);
    expect(row).toMatchObject({
      topic: 'subscription.events',
      headers: {
        ce_id: event.id,
        ce_type: 'deployment.transitioned',
        ce_source: 'core-api',
        ce_subject: event.subject,
      },
    });
    expect(JSON.parse(row?.value ?? '')).toEqual({ tenantId: kept, deploymentId: event.deploymentId, ...event.data });
    expect(heard[0]).toMatchObject({ id: event.id, tenantId: kept, value: row?.value });
    expect(await ofKey(undone)).toEqual([]);
  });

  it('throws for a value that its schema refuses, and the change does not happen', async () => {
    const tenantId = randomUUID();
    const leaking = { ...paused(tenantId).data, adminEmail: 'ops@acme.example' };
    const failed = unitOfWork.run((tx) => events.emit(tx, { ...paused(tenantId), data: leaking }));
    await expect(failed).rejects.toThrow('/adminEmail must NOT have additional properties');
    expect(await ofKey(tenantId)).toEqual([]);
  });

  it('keys what belongs to no tenant by its subject', async () => {
    const code = `plan_${randomUUID().slice(0, 8)}`;
    const data = { plan: { code, version: 1 }, name: 'Studio', tier: 'standard', rank: 20 };
    const event = {
      type: 'subscription.plan.created',
      tenantId: null,
      subject: code,
      time: clock.now(),
      data,
    } as const;
    await unitOfWork.run((tx) => events.emit(tx, event));
    expect((await ofKey(code)).map(({ value }) => JSON.parse(value) as unknown)).toEqual([data]);
  });
});
