import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { RefusalError } from '@biplane/kernel';
import { UnitOfWork } from '@biplane/service-kit';
import { checkInvariants, ServiceClient, testPostgres, waitFor, type TestPostgres } from '@biplane/testing';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { prepareCatalog, tenantBody } from '../../testing/scenario.js';
import { Operations } from './operations.service.js';

interface Operation {
  state: string;
  reason: string | null;
  steps: { name: string; state: string; attempts: number }[];
  nextActionAt: string | null;
}

let postgres: TestPostgres;
let core: RunningCore;
let admin: ServiceClient;

beforeAll(async () => {
  postgres = await testPostgres('core');
  core = await runCore({ databaseUrl: postgres.url, regions: ['eu-1'], startAt: '2026-03-31T10:00:00.000Z' });
  admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await prepareCatalog(admin, { region: 'eu-1', homeId: randomUUID(), key: core.key });
});
afterAll(async () => {
  await core?.close();
  await checkInvariants(postgres.url);
  await postgres?.drop();
});

describe('operations', () => {
  it('fail at their deadline with the cause, and a retry sends the same license again', async () => {
    const created = await admin.post('/api/v1/tenants', tenantBody('slow', 'eu-1'), {
      'idempotency-key': randomUUID(),
    });
    const { operation, deployment } = created.body as { operation: { id: string }; deployment: { id: string } };
    const read = async () => (await admin.expect(200, 'GET', `/api/v1/operations/${operation.id}`)) as Operation;
    expect(await admin.post(`/api/v1/operations/${operation.id}/retry`)).toMatchObject({
      status: 422,
      body: { code: 'OPERATION.NOT_FAILED' },
    });
    expect((await read()).nextActionAt).toMatch(/^2026-03-31T10:15/);

    core.setClock('2026-03-31T10:30:00.000Z');
    const failed = await waitFor('the deadline', async () => {
      const found = await read();
      return found.state === 'failed' && found;
    });
    expect(failed.reason).toBe('database_ready: the home did not report in time');
    expect(await admin.expect(200, 'GET', `/api/v1/deployments/${deployment.id}`)).toMatchObject({
      phase: 'failed',
      state: 'active',
    });

    const retried = (await admin.expect(200, 'POST', `/api/v1/operations/${operation.id}/retry`)) as Operation;
    expect(retried.steps.find((step) => step.state === 'running')).toMatchObject({
      name: 'database_ready',
      attempts: 2,
    });
    const sent = await postgres.query<{ value: string }>(
      `SELECT DISTINCT value FROM outbox WHERE topic = 'license.issued.eu-1' AND key = $1`,
      [deployment.id],
    );
    expect(sent).toHaveLength(1);
  });

  it('two that change where a deployment is served never run at once, by SQL either', async () => {
    const { tenant, deployment } = (
      await admin.post('/api/v1/tenants', tenantBody('busy', 'eu-1'), { 'idempotency-key': randomUUID() })
    ).body as { tenant: { id: string }; deployment: { id: string } };
    const insert = (kind: string, state = 'running') =>
      postgres.query(
        `INSERT INTO operation (id, kind, tenant_id, deployment_id, state, created_at)
         VALUES ($1::uuid, $2, $3::uuid, $4::uuid, $5, '2026-03-31T10:00:00Z')`,
        [randomUUID(), kind, tenant.id, deployment.id, state],
      );
    await insert('move', 'failed');
    await insert('move');
    await expect(insert('retire')).rejects.toThrow('operation_one_of_its_home');
    await expect(insert('move')).rejects.toThrow('operation_one_');
    const operations = core.app.get(Operations);
    const started = core.app
      .get(UnitOfWork)
      .run((tx) => operations.refuseBusy(tx, deployment.id))
      .catch((error: unknown) => (error as RefusalError).failure);
    expect(await started).toMatchObject({ code: 'OPERATION.BUSY', status: 409 });
  });
});
