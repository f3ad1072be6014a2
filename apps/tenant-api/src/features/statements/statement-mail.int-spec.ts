import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { querySql, executeSql } from '@biplane/service-kit';
import { spawnSource, startMailServer, waitFor, type MailServer } from '@biplane/testing';
import { endedRun, licensedFor, requestRun } from '../../testing/billing-scene.js';
import { RunningHome, type ServedDeployment } from '../../testing/running-home.js';

/** The first paper of a process opens fonts: on a busy machine an attempt may fail meanwhile, and comes again. */
const PATIENT = { deadlineMs: 90_000 };
const letterhead = {
  legalName: 'Ruderclub Zürich',
  address: ['Seestrasse 1'],
  locale: 'de-CH',
  timeZone: 'Europe/Zurich',
};
const licensed = licensedFor('statement_runs');
let server: MailServer;
let home: RunningHome;

beforeAll(async () => {
  server = await startMailServer();
  home = await RunningHome.start('2026-03-01T10:00:00.000Z', {
    MAIL_URL: server.url,
    MAIL_FROM: 'post@biplane.example',
  });
});
beforeEach(() => server.answer(null));
afterAll(async () => {
  await home?.close();
  await server?.close();
});

interface Member {
  readonly id: string;
  readonly email: string;
  readonly account: string;
}
interface Shown {
  readonly id: string;
  readonly sending: { state: string; attempts: number; lastError: string | null; sentAt: string | null } | null;
}

/** A tenant with a letterhead, and members who owe it 7 francs each. */
async function scene(members: number, with_: object | null = letterhead): Promise<{ tenant: ServedDeployment; members: Member[] }> {
  const tenant = await home.deployment(licensed);
  if (with_) await tenant.admin.expect(200, 'PUT', '/api/v1/letterhead', with_);
  const made: Member[] = [];
  for (let index = 0; index < members; index += 1) {
    const email = `${randomUUID()}@acme.example`;
    const { member } = (await tenant.admin.expect(201, 'POST', '/api/v1/members', { email, name: 'Kim Muster', role: 'member' })) as { member: { id: string } };
    const { id } = (await tenant.admin.expect(201, 'POST', '/api/v1/accounts', { memberId: member.id, currency: 'CHF' })) as { id: string };
    await charge(tenant, id);
    made.push({ id: member.id, email, account: id });
  }
  return { tenant, members: made };
} // prettier-ignore

const charge = (of: ServedDeployment, account: string) => {
  const amount = { amount: '7.00', currency: 'CHF' };
  return of.admin.expect(201, 'POST', `/api/v1/accounts/${account}/entries`, { kind: 'charge', amount, description: 'Boat' });
}; // prettier-ignore
const later = (ms: number) => home.moveClock(ms);
const state = async (of: ServedDeployment) => {
  later(60_000);
  return endedRun(of, await requestRun(of, 'statements'));
};
const newest = async (of: ServedDeployment, { account }: Member) =>
  ((await of.admin.expect(200, 'GET', `/api/v1/accounts/${account}/statements`)) as { data: Shown[] }).data[0]!;
const sendingIn = (of: ServedDeployment, member: Member, wanted: string) =>
  waitFor(`a mail that is ${wanted}`, async () => {
    const shown = await newest(of, member);
    return shown.sending?.state === wanted && shown;
  }, PATIENT); // prettier-ignore
const mailsTo = ({ email }: Member) => server.received.filter(({ to }) => to.includes(email));
const pdfOf = async (url: string, by: ServedDeployment['admin'], held?: string) => {
  const headers = { 'x-deployment-id': by.deploymentId, authorization: `Bearer ${by.token}`, ...(held && { 'if-none-match': held }) };
  const response = await fetch(by.url + url, { headers });
  return { status: response.status, etag: response.headers.get('etag') ?? '', bytes: Buffer.from(await response.arrayBuffer()) };
}; // prettier-ignore

describe('the PDF of a statement', () => {
  it('is drawn as it was sealed, under the letterhead of its time: the same bytes each time', async () => {
    const { tenant, members } = await scene(1);
    await state(tenant);
    const { id } = await newest(tenant, members[0]!);
    const path = `/api/v1/statements/${id}/pdf`;
    const first = await pdfOf(path, tenant.admin);
    expect([first.status, first.bytes.subarray(0, 5).toString()]).toEqual([200, '%PDF-']);
    await tenant.admin.expect(200, 'PUT', '/api/v1/letterhead', { ...letterhead, legalName: 'Other', locale: 'en' });
    await tenant.admin.expect(200, 'PATCH', `/api/v1/members/${members[0]!.id}`, { name: 'Kim Other' });
    await charge(tenant, members[0]!.account);
    const again = await pdfOf(path, tenant.admin);
    expect(again.bytes.equals(first.bytes)).toBe(true);
    expect((await pdfOf(path, tenant.admin, first.etag)).status).toBe(304);
    const [mailed] = await waitFor('its mail', async () => mailsTo(members[0]!).length > 0 && mailsTo(members[0]!), PATIENT);
    expect(mailed!.raw.replace(/\r\n/g, '')).toContain(first.bytes.toString('base64'));
    expect(mailed!.headers.get('subject')).toMatch(/Kontoauszug|=\?UTF-8/);
    expect(mailed!.from).toBe('post@biplane.example');
  }); // prettier-ignore

  it('is given to its own member, and to nobody else', async () => {
    const { tenant } = await scene(0);
    const [mine, other] = [await home.member(tenant, 'member'), await home.member(tenant, 'member')];
    const body = { memberId: mine.memberId, currency: 'CHF' };
    const { id: account } = (await tenant.admin.expect(201, 'POST', '/api/v1/accounts', body)) as { id: string };
    await charge(tenant, account);
    await state(tenant);
    const { id } = await newest(tenant, { account } as Member);
    const path = `/public/me/statements/${id}/pdf`;
    const [ours, staffs] = [await pdfOf(path, mine), await pdfOf(`/api/v1/statements/${id}/pdf`, tenant.admin)];
    expect([ours.status, ours.bytes.equals(staffs.bytes)]).toEqual([200, true]);
    expect((await pdfOf(path, other)).status).toBe(404);
    expect((await pdfOf(`/api/v1/statements/${id}/pdf`, mine)).status).toBe(403);
    const stranger = await home.deployment(licensed);
    expect((await pdfOf(`/api/v1/statements/${id}/pdf`, stranger.admin)).status).toBe(404);
    expect((await stranger.admin.post(`/api/v1/statements/${id}/send`)).status).toBe(404);
  });
});

describe('the mail of a statement', () => {
  it('each statement is mailed once to its own member, however often the run is made and the databases are visited', async () => {
    const scenes = [await scene(2), await scene(2)];
    await Promise.all(scenes.map(({ tenant }) => requestRun(tenant, 'statements')));
    for (const { tenant, members } of scenes) {
      for (const member of members) await sendingIn(tenant, member, 'sent');
    }
    later(3_700_000);
    for (const { tenant } of scenes) {
      // The same turn again, and every hint and visit repeated.
      await endedRun(tenant, await requestRun(tenant, 'statements'));
      await home.handle(tenant.deploymentId).run((tx) => executeSql(tx, `UPDATE billing_run SET state = 'succeeded' WHERE state = 'running'`));
    }
    const everybody = scenes.flatMap(({ tenant, members }) => members.map((member) => ({ tenant, member })));
    for (const { tenant, member } of everybody) {
      const { data } = (await tenant.admin.expect(200, 'GET', `/api/v1/accounts/${member.account}/statements`)) as { data: Shown[] };
      await sendingIn(tenant, member, 'sent');
      const ids = mailsTo(member).map(({ headers }) => headers.get('message-id'));
      expect(ids.sort()).toEqual(data.map(({ id }) => `<${id}.1@biplane.example>`).sort());
      expect(mailsTo(member).every(({ to }) => to.length === 1)).toBe(true);
    }
  }); // prettier-ignore

  it('one that a server refuses for now comes again, for good it is failed with its reason, until staff sends it anew', async () => {
    const { tenant, members } = await scene(1);
    const member = members[0]!;
    server.answer(451);
    await state(tenant);
    const waiting = await waitFor('a failed attempt', async () => {
      const { sending } = await newest(tenant, member);
      return sending?.lastError === 'SMTP_451' && sending;
    });
    expect(waiting).toMatchObject({ state: 'waiting', sentAt: null });
    server.answer(550);
    later(60_000);
    const failed = await sendingIn(tenant, member, 'failed');
    expect(failed.sending).toMatchObject({ attempts: waiting.attempts + 1, lastError: 'SMTP_550', sentAt: null });
    server.answer(null);
    const path = `/api/v1/statements/${failed.id}/send`;
    const key = { 'idempotency-key': randomUUID() };
    for (const _ of [1, 2]) expect((await tenant.admin.post(path, undefined, key)).status).toBe(202);
    await sendingIn(tenant, member, 'sent');
    await tenant.admin.expect(202, 'POST', path);
    await waitFor('the second', async () => mailsTo(member).length === 2);
    const ids = mailsTo(member).map(({ headers }) => headers.get('message-id'));
    expect(ids).toEqual([`<${failed.id}.1@biplane.example>`, `<${failed.id}.2@biplane.example>`]);
    const staff = await home.member(tenant, 'member');
    expect((await staff.post(path)).status).toBe(403);
  });

  it('a member who was erased is sent nothing, and its papers name it no more', async () => {
    const { tenant, members } = await scene(2);
    const [waits, gone] = members as [Member, Member];
    await tenant.admin.expect(204, 'DELETE', `/api/v1/members/${gone.id}`);
    server.answer(451);
    await state(tenant);
    await waitFor('a failed attempt', async () => (await newest(tenant, waits)).sending?.lastError === 'SMTP_451');
    const { id } = await newest(tenant, waits);
    await tenant.admin.expect(204, 'DELETE', `/api/v1/members/${waits.id}`);
    server.answer(null);
    later(60_000);
    expect((await sendingIn(tenant, waits, 'failed')).sending).toMatchObject({ lastError: 'NO_RECIPIENT' });
    expect((await newest(tenant, gone)).sending).toBeNull();
    expect([...mailsTo(waits), ...mailsTo(gone)]).toEqual([]);
    const rows = await home.handle(tenant.deploymentId).read((reader) =>
      querySql<{ text: string }>(reader, 'SELECT p::text AS text FROM statement_paper p'));
    expect(rows).toHaveLength(2);
    expect(rows.map(({ text }) => text).join()).not.toMatch(/Kim Muster|acme\.example/);
    expect((await pdfOf(`/api/v1/statements/${id}/pdf`, tenant.admin)).status).toBe(200);
    const again = await tenant.admin.post(`/api/v1/statements/${id}/send`);
    expect(again).toMatchObject({ status: 422, body: { code: 'STATEMENT.NO_RECIPIENT' } });
  }); // prettier-ignore

  it('PostgreSQL keeps what was sealed: nothing of it changes but for whom it was, and that is only forgotten', async () => {
    const { tenant } = await scene(1);
    await state(tenant);
    const run = (sql: string) => home.handle(tenant.deploymentId).run((tx) => executeSql(tx, sql));
    for (const sql of [
      `UPDATE statement_paper SET content = '{}'`,
      'UPDATE statement_paper SET letterhead_version = NULL',
      `UPDATE statement_paper SET addressee = 'somebody else'`,
      'DELETE FROM statement_paper',
      'DELETE FROM statement_mail',
    ]) await expect(run(sql)).rejects.toThrow(); // prettier-ignore
    expect(await run('UPDATE statement_paper SET addressee = NULL')).toBe(1);
  });

  it('a process that dies after the server took a mail leaves it to the next, under its one Message-ID', async () => {
    const { tenant, members } = await scene(1);
    server.answer(451);
    await state(tenant);
    await waitFor('a failed attempt', async () => (await newest(tenant, members[0]!)).sending?.lastError === 'SMTP_451');
    const { id } = await newest(tenant, members[0]!);
    server.answer(null);
    await home.stop();
    later(60_000);
    const main = new URL('../../testing/home.child.ts', import.meta.url);
    const end = await spawnSource(main, home.environment, { FAULT_POINTS: 'statement_mail.after_send' }).ended;
    expect(end).toMatchObject({ signal: 'SIGKILL' });
    expect(mailsTo(members[0]!)).toHaveLength(1);
    later(180_000);
    const next = spawnSource(main, home.environment);
    await waitFor('the repeat', async () => mailsTo(members[0]!).length === 2, PATIENT);
    next.kill('SIGKILL');
    await next.ended;
    expect(new Set(mailsTo(members[0]!).map(({ headers }) => headers.get('message-id')))).toEqual(new Set([`<${id}.1@biplane.example>`]));
  }); // prettier-ignore
});
