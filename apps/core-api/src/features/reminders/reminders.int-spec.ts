import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServiceClient, spawnSource, waitFor } from '@biplane/testing';
import { InvoicesRig } from '../../testing/invoices-rig.js';
import { runCore } from '../../testing/running-core.js';
import { MailOutbox } from '../mail/index.js';

let rig: InvoicesRig;

beforeAll(async () => {
  rig = await InvoicesRig.start(8);
  // The roll-up would add invoices of its own as the Clock moves on.
  for (const { id } of await rig.suite.postgres.query<{ id: string }>('SELECT id FROM tenant')) {
    await settings(id, { autoInvoice: false });
  }
});
afterAll(() => rig?.close());

interface Shown {
  readonly level: number;
  readonly state: string;
  readonly skippedBecause: string | null;
  readonly pdfSha256: string | null;
  readonly mailId: string | null;
}

const DAY_MS = 24 * 3_600_000;
const reminders = async (invoiceId: string) =>
  ((await rig.admin.expect(200, 'GET', `/api/v1/billing/invoices/${invoiceId}/reminders`)) as { data: Shown[] }).data;
const state = async (deploymentId: string) =>
  ((await rig.admin.expect(200, 'GET', `/api/v1/deployments/${deploymentId}`)) as { state: string }).state;
const inState = (deploymentId: string, wanted: string) =>
  waitFor(`a deployment that is ${wanted}`, async () => (await state(deploymentId)) === wanted);
const levels = (shown: readonly Shown[]) => shown.map(({ level, state: how }) => `${level} ${how}`);
const reminded = (invoiceId: string, wanted: string[]) =>
  waitFor(`reminders ${wanted.join(', ')}`, async () => {
    const shown = await reminders(invoiceId);
    return levels(shown).join() === wanted.join() && shown;
  });

async function causes(deploymentId: string): Promise<string[]> {
  const sql = 'SELECT cause FROM suspension WHERE deployment_id = $1 AND to_at IS NULL ORDER BY cause';
  return (await rig.suite.postgres.query<{ cause: string }>(sql, [deploymentId])).map(({ cause }) => cause);
}

/** From the Clock as it stands: what was issued a moment ago is that many days old, and not a moment less. */
async function inDays(days: number): Promise<string> {
  const { now } = (await rig.admin.expect(200, 'GET', '/version')) as { now: string };
  return new Date(Date.parse(now) + days * DAY_MS).toISOString();
}
const forward = async (days: number) => rig.at(await inDays(days));
const dueIn = 14;

async function settings(tenantId: string, over: Record<string, unknown>): Promise<void> {
  const path = `/api/v1/tenants/${tenantId}/billing-settings`;
  const {
    version: _,
    tenantId: __,
    nextTimeZone: ___,
    ...held
  } = (await rig.admin.expect(200, 'GET', path)) as Record<string, unknown>;
  await rig.admin.expect(200, 'PUT', path, { ...held, ...over });
}

describe('an invoice that is not paid', () => {
  it('is reminded of at 7, 14 and 21 days, each once with its paper; past due at 14, suspended at 21; paying resumes', async () => {
    const { tenantId, deploymentId } = rig.tenant();
    await settings(tenantId, { email: 'accounts@acme.example' });
    const { id, number } = await rig.issue(tenantId);
    await forward(dueIn + 7);
    const [first] = await reminded(id, ['1 sent']);
    expect(await state(deploymentId)).toBe('active');
    await forward(7);
    await reminded(id, ['1 sent', '2 sent']);
    await inState(deploymentId, 'past_due');
    await forward(7);
    const all = await reminded(id, ['1 sent', '2 sent', '3 sent']);
    await inState(deploymentId, 'suspended');

    const papers = await rig.suite.postgres.query<{ sha256: string }>(
      `SELECT sha256 FROM invoice_pdf WHERE document_id = $1 AND kind LIKE 'reminder%' ORDER BY kind`,
      [id],
    );
    expect(papers.map(({ sha256 }) => sha256)).toEqual(all.map(({ pdfSha256 }) => pdfSha256));
    const [mail] = await rig.suite.postgres.query<{ sealed: string }>(
      'SELECT message_encrypted AS sealed FROM mail WHERE id = $1',
      [first!.mailId],
    );
    const content = rig.suite.core.app.get(MailOutbox, { strict: false }).opened(first!.mailId!, mail!.sealed);
    expect(content).toMatchObject({ to: 'accounts@acme.example', subject: expect.stringContaining(number) as unknown });
    expect(Buffer.from(content.attachments[0]!.base64, 'base64').subarray(0, 5).toString()).toBe('%PDF-');
    const events = await rig.suite.events('invoice.reminder.sent', id);
    expect(events.map(({ reminder }) => reminder)).toEqual([1, 2, 3]);

    expect((await rig.pay(id)).status).toBe(201);
    expect(await state(deploymentId)).toBe('active');
    await forward(30);
    expect(levels(await reminders(id))).toEqual(['1 sent', '2 sent', '3 sent']);
  });

  it('by a job that was late is reminded of once, and what came due meanwhile is marked as skipped', async () => {
    const { tenantId, deploymentId } = rig.tenant();
    const { id } = await rig.issue(tenantId);
    await forward(dueIn + 22);
    const shown = await reminded(id, ['1 skipped', '2 skipped', '3 sent']);
    expect(shown.map(({ skippedBecause }) => skippedBecause)).toEqual(['LATE', 'LATE', null]);
    await inState(deploymentId, 'suspended');
    const mails = await rig.suite.postgres.query('SELECT 1 FROM mail WHERE tenant_id = $1', [tenantId]);
    expect(mails).toHaveLength(1);
    await expect(rig.suite.postgres.query('DELETE FROM invoice_reminder')).rejects.toThrow('does not change');
  });

  it('stays overdue until all of them are paid, and what an operator suspended stays so', async () => {
    const { tenantId, deploymentId } = rig.tenant();
    const [april, may] = [await rig.issue(tenantId), await rig.issue(tenantId, '2026-05')];
    await forward(dueIn + 14);
    await reminded(april.id, ['1 skipped', '2 sent']);
    await reminded(may.id, ['1 skipped', '2 sent']);
    await inState(deploymentId, 'past_due');
    const path = `/api/v1/deployments/${deploymentId}/transition`;
    await rig.admin.expect(200, 'POST', path, { to: 'suspended', reason: 'asked for' });
    await forward(7);
    await reminded(may.id, ['1 skipped', '2 sent', '3 sent']);
    await waitFor('a second cause', async () => (await causes(deploymentId)).length === 2);
    expect((await rig.pay(april.id)).status).toBe(201);
    expect(await state(deploymentId)).toBe('suspended');
    expect((await rig.pay(may.id)).status).toBe(201);
    expect(await state(deploymentId)).toBe('suspended');
    expect(await causes(deploymentId)).toEqual(['operator']);
    await rig.admin.expect(200, 'POST', path, { to: 'active', reason: 'asked for' });
    expect(await state(deploymentId)).toBe('active');
  });

  it('changes no deployment that an operator holds, reminds all the same, and acts when the hold is lifted', async () => {
    const { tenantId, deploymentId } = rig.tenant();
    const path = `/api/v1/deployments/${deploymentId}/billing-action-suspended`;
    await rig.admin.expect(200, 'PUT', path, { suspended: true, reason: 'in talks' });
    const { id } = await rig.issue(tenantId);
    await forward(dueIn + 21);
    await reminded(id, ['1 skipped', '2 skipped', '3 sent']);
    expect(await state(deploymentId)).toBe('active');
    await rig.admin.expect(200, 'PUT', path, { suspended: false, reason: 'talks are over' });
    await forward(1);
    await inState(deploymentId, 'suspended');
  });

  it('of a tenant that is not to be reminded is left alone', async () => {
    const [left, other] = [rig.tenant(), rig.tenant()];
    await settings(left.tenantId, { autoReminders: false });
    const [one, two] = [await rig.issue(left.tenantId), await rig.issue(other.tenantId)];
    await forward(dueIn + 21);
    await reminded(two.id, ['1 skipped', '2 skipped', '3 sent']);
    await inState(other.deploymentId, 'suspended');
    expect(await reminders(one.id)).toEqual([]);
    expect(await state(left.deploymentId)).toBe('active');
  });

  it('is reminded of once by two processes of which one is killed before its commit; F2: another tenant sees 404', async () => {
    const { tenantId } = rig.tenant();
    const { id } = await rig.issue(tenantId);
    const { postgres, core } = rig.suite;
    const later = await inDays(dueIn + 7);
    // Its Clock stays behind: of two times licenses would be signed in turn.
    await core.close();
    const options = { databaseUrl: postgres.url, regions: ['eu-1'], fieldKey: core.fieldKey, startAt: later };
    const main = new URL('../../testing/core-server.main.ts', import.meta.url);
    const end = await spawnSource(main, options, { FAULT_POINTS: 'reminder.before_commit' }).ended;
    expect(end).toMatchObject({ signal: 'SIGKILL' });
    expect(await postgres.query('SELECT 1 FROM invoice_reminder WHERE invoice_id = $1::uuid', [id])).toEqual([]);
    const owner = randomUUID();
    const clients = { [owner]: [`tenant:${tenantId}`], stranger: [`tenant:${randomUUID()}`] };
    // Behind nothing that the killed one signed, and both by one Clock.
    const first = await runCore({ ...options, clients, startAt: new Date(Date.parse(later) + 60_000).toISOString() });
    const second = await runCore({ ...options, clockFile: first.clockFile });
    try {
      const path = `/api/v1/billing/invoices/${id}/reminders`;
      const as = (name: string) => new ServiceClient(first.url, { clientId: name, clientSecret: name });
      await waitFor('its reminder', async () => {
        const { data } = (await as(owner).expect(200, 'GET', path)) as { data: Shown[] };
        return levels(data).join() === '1 sent';
      });
      const mails = await postgres.query('SELECT 1 FROM mail WHERE tenant_id = $1', [tenantId]);
      expect(mails).toHaveLength(1);
      expect((await as('stranger').get(path)).status).toBe(404);
      expect((await as(owner).get(`${path}?all=1`)).status).toBe(400);
    } finally {
      await second.close();
      await first.close();
    }
  });
});
