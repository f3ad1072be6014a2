import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UnitOfWork } from '@biplane/service-kit';
import {
  ServiceClient,
  spawnSource,
  startMailServer,
  testPostgres,
  waitFor,
  type MailServer,
  type TestPostgres,
} from '@biplane/testing';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { MailOutbox, type Mail } from './index.js';

let postgres: TestPostgres;
let server: MailServer;
let options: { databaseUrl: string; regions: string[]; mailUrl: string };

beforeAll(async () => {
  [postgres, server] = await Promise.all([testPostgres('core'), startMailServer()]);
  options = { databaseUrl: postgres.url, regions: ['eu-1'], mailUrl: server.url };
});
afterAll(async () => {
  await server?.close();
  await postgres?.drop();
});

const main = new URL('../../testing/core-server.main.ts', import.meta.url);
const mail = (over: Partial<Mail> = {}): Mail => {
  return {
    key: randomUUID(),
    kind: 'test',
    tenantId: null,
    to: 'ops@acme.example',
    subject: 'Hello',
    text: 'Hi',
    ...over,
  };
};
const add = ({ app }: RunningCore, ...mails: Mail[]) =>
  app.get(UnitOfWork, { strict: false }).run(async (tx) => {
    const ids: (string | null)[] = [];
    for (const each of mails) ids.push(await app.get(MailOutbox, { strict: false }).add(tx, each));
    return ids;
  });
const row = async (key: string) =>
  (await postgres.query<Record<string, unknown>>('SELECT * FROM mail WHERE key = $1', [key]))[0]!;
const inState = (key: string, state: string) =>
  waitFor(`a mail that is ${state}`, async () => {
    const found = await row(key);
    return found['state'] === state && found;
  });
const mailsTo = (to: string) => server.received.filter((received) => received.to.includes(to));
const later = (ms: number) => new Date(performance.timeOrigin + performance.now() + ms).toISOString();

/** A service that starts on a busy machine may take all connections for a while. */
const PATIENT = { waitMs: 30_000 };

describe('mail', () => {
  it('is sent after the commit of what it tells, once, and forgotten then', async () => {
    const core = await runCore(options);
    try {
      const [told, lost] = [
        mail({ to: 'told@acme.example', text: 'the-secret-link' }),
        mail({ to: 'lost@acme.example' }),
      ];
      await expect(
        core.app.get(UnitOfWork, { strict: false }).run(async (tx) => {
          await core.app.get(MailOutbox, { strict: false }).add(tx, lost);
          throw new Error('rolled back');
        }, PATIENT),
      ).rejects.toThrow('rolled back');
      const [first, again] = await add(core, told, told);
      expect([typeof first, again]).toEqual(['string', null]);
      expect(JSON.stringify(await row(told.key))).not.toContain('secret-link');
      const sent = await inState(told.key, 'sent');
      expect(sent).toMatchObject({ attempts: 1, message_encrypted: null });
      expect(mailsTo(told.to).map(({ headers }) => headers.get('message-id'))).toEqual([`<${first}@biplane.example>`]);
      expect(mailsTo(lost.to)).toEqual([]);
    } finally {
      await core.close();
    }
  });

  it('that a server refuses for now is tried again under its Message-ID; refused for good it is dead, with the reason', async () => {
    const core = await runCore(options);
    try {
      const admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
      const [slow, never] = [mail({ to: 'slow@acme.example' }), mail({ to: 'never@acme.example' })];
      server.answer(451);
      await add(core, slow);
      await waitFor('a failed attempt', async () => (await row(slow.key))['last_error'] === 'SMTP_451');
      server.answer(550);
      await add(core, never);
      const dead = await inState(never.key, 'dead');
      expect(dead).toMatchObject({ attempts: 1, last_error: 'SMTP_550' });
      server.answer(null);
      core.setClock(later(60_000));
      await inState(slow.key, 'sent');
      expect((await admin.expect(200, 'GET', '/api/v1/mails?state=dead')) as object).toMatchObject({
        data: [{ id: dead['id'], lastError: 'SMTP_550' }],
      });
      const retried = await admin.post(`/api/v1/mails/${String(dead['id'])}/retry`);
      expect([retried.status, retried.headers.get('location')]).toEqual([202, `/api/v1/mails/${String(dead['id'])}`]);
      expect(await admin.expect(200, 'GET', retried.headers.get('location')!)).toMatchObject({ id: dead['id'] });
      expect((await admin.get(`/api/v1/mails/${randomUUID()}`)).status).toBe(404);
      await inState(never.key, 'sent');
      expect([mailsTo(slow.to), mailsTo(never.to)].map(({ length }) => length)).toEqual([1, 1]);
      const refused = await admin.post(`/api/v1/mails/${String(dead['id'])}/retry`);
      expect(refused).toMatchObject({ status: 422, body: { code: 'MAIL.NOT_DEAD' } });
      expect((await admin.post(`/api/v1/mails/${randomUUID()}/retry`)).status).toBe(404);
      expect((await admin.get('/api/v1/mails?to=ops')).status).toBe(400);
    } finally {
      server.answer(null);
      await core.close();
    }
  });

  it('without MAIL_URL is not sent, and says so; to what is no address it is not even written', async () => {
    const core = await runCore({ databaseUrl: postgres.url, regions: ['eu-1'] });
    try {
      const one = mail();
      await add(core, one);
      expect(await inState(one.key, 'dead')).toMatchObject({ last_error: 'MAIL_URL_UNSET' });
      for (const to of ['ops@acme.example\r\nBcc: all@acme.example', 'a@b.example,c@d.example', '']) {
        await expect(add(core, mail({ to }))).rejects.toThrow('no valid recipient');
      }
    } finally {
      await core.close();
    }
  });

  it.each([
    ['mail.before_send', 0],
    ['mail.after_send', 1],
  ])('of a process that is killed at %s is sent by the next, under its one Message-ID', async (point, sent) => {
    const to = `${point.replace(/\W/g, '-')}@acme.example`;
    const one = mail({ to });
    // Written by a process that ended before it sent anything.
    const silent = await runCore({ ...options, mailUrl: 'smtp://127.0.0.1:1?tls=none' });
    const { fieldKey } = silent;
    await add(silent, one);
    await silent.close();
    await postgres.query(`UPDATE mail SET due_at = created_at, lease_until = NULL WHERE key = $1`, [one.key]);

    const end = await spawnSource(main, { ...options, fieldKey }, { FAULT_POINTS: point }).ended;
    expect(end).toMatchObject({ signal: 'SIGKILL' });
    expect(mailsTo(to)).toHaveLength(sent);
    const next = await runCore({ ...options, fieldKey, startAt: later(180_000) });
    try {
      await inState(one.key, 'sent');
      expect(mailsTo(to)).toHaveLength(sent + 1);
      expect(new Set(mailsTo(to).map(({ headers }) => headers.get('message-id'))).size).toBe(1);
    } finally {
      await next.close();
    }
  });

  it('of two processes at once is sent by one', async () => {
    const first = await runCore(options);
    const second = await runCore({ ...options, fieldKey: first.fieldKey });
    try {
      const mails = Array.from({ length: 24 }, () => mail({ to: 'both@acme.example' }));
      await add(first, ...mails);
      await waitFor(
        'all of them',
        async () => (await postgres.query(`SELECT 1 FROM mail WHERE state = 'waiting' AND kind = 'test'`)).length === 0,
      );
      expect(mailsTo('both@acme.example')).toHaveLength(24);
    } finally {
      await Promise.all([first.close(), second.close()]);
    }
  });
});
