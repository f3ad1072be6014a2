import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { executeSql, querySql } from '@biplane/service-kit';
import { waitFor } from '@biplane/testing';
import { billingScene, licensedFor } from '../../testing/billing-scene.js';
import { MemberClient, RunningHome, type ServedDeployment } from '../../testing/running-home.js';

const modules = (records: string) => ({
  modules: {
    members: {
      features: ['records'],
      limits: [{ meter: 'records', authority: 'data', aggregation: 'last', cap: records, window: null, strategy: 'hard_block', warnAt: [] }],
    },
  },
  meters: { records: { authority: 'data', aggregation: 'last' } },
}) as const; // prettier-ignore

const PROXY = '127.0.0.3';

let home: RunningHome;
let acme: ServedDeployment;
let globex: ServedDeployment;

beforeAll(async () => {
  home = await RunningHome.start('2026-03-01T10:00:00.000Z', { TRUSTED_PROXIES: PROXY });
  [acme, globex] = await Promise.all([home.deployment(modules('50')), home.deployment(modules('3'))]);
});
afterAll(async () => {
  await home?.close();
});

const code = (answer: { status: number; body: unknown }) => [answer.status, (answer.body as { code?: string }).code];
const invite = (by: MemberClient, email: string, role = 'member') => by.post('/api/v1/members', { email, role });

describe('signing in', () => {
  it('the bootstrapped admin accepts its invite once, and signs in by address and password from then on', async () => {
    const { body } = await acme.admin.get('/public/me');
    expect(body).toMatchObject({ role: 'admin', deploymentId: acme.deploymentId });
    const { email } = body as { email: string };
    const session = await acme.admin.anonymous().expect(201, 'POST', '/public/sessions', { email: email.toUpperCase(), password: MemberClient.password });
    expect((await acme.admin.as((session as { token: string }).token).get('/public/me')).status).toBe(200);
  }); // prettier-ignore

  it('an invite is good once, until it expires, and an older one not at all', async () => {
    const email = `${randomUUID()}@acme.example`;
    const first = (await invite(acme.admin, email)).body as { inviteToken: string; member: { id: string } };
    const again = await acme.admin.expect(201, 'POST', `/api/v1/members/${first.member.id}/invites`);
    const accept = (token: string) => acme.admin.anonymous().post('/public/invites/accept', { token, password: MemberClient.password });
    const { inviteToken } = again as { inviteToken: string };
    expect(code(await accept(first.inviteToken))).toEqual([422, 'ACCESS.INVITE_INVALID']);
    const both = await Promise.all([accept(inviteToken), accept(inviteToken)]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 422]);
    expect(code(await accept('x'.repeat(43)))).toEqual([422, 'ACCESS.INVITE_INVALID']);
  }); // prettier-ignore

  it('an invite is accepted for the address that it was made for, and no other', async () => {
    const email = `${randomUUID()}@acme.example`;
    const { inviteToken } = (await invite(acme.admin, email)).body as { inviteToken: string };
    const accept = (as: string) => acme.admin.anonymous().post('/public/invites/accept', { token: inviteToken, email: as, password: MemberClient.password });
    const mine = ((await acme.admin.get('/public/me')).body as { email: string }).email;
    expect(code(await accept(`${randomUUID()}@acme.example`))).toEqual([422, 'ACCESS.INVITE_OF_ANOTHER']);
    expect(code(await accept(mine))).toEqual([422, 'ACCESS.INVITE_OF_ANOTHER']);
    expect((await accept(email.toUpperCase())).status).toBe(201);
  }); // prettier-ignore

  it('a wrong password and an unknown address get the same answer, and too many tries wait', async () => {
    const anonymous = acme.admin.anonymous();
    const tries = await Promise.all([1, 2].map(() => anonymous.post('/public/sessions', { email: 'nobody@acme.example', password: 'x' })));
    expect(tries.map(code)).toEqual([[401, 'ACCESS.SIGN_IN_REFUSED'], [401, 'ACCESS.SIGN_IN_REFUSED']]);
    const answers = [];
    for (let index = 0; index < 12; index += 1) {
      answers.push(await anonymous.post('/public/sessions', { email: 'guess@acme.example', password: `p${index}` }));
    }
    expect(code(answers.at(-1)!)).toEqual([429, 'ACCESS.TOO_MANY_ATTEMPTS']);
    expect(Number(answers.at(-1)!.headers.get('retry-after'))).toBeGreaterThan(0);
  }); // prettier-ignore

  const emailOf = async (member: MemberClient) => ((await member.get('/public/me')).body as { email: string }).email;
  const signInAt = (localAddress: string, email: string, password: string, forwardedFor?: string) =>
    new Promise<number>((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        'x-deployment-id': acme.deploymentId,
        ...(forwardedFor !== undefined && { 'x-forwarded-for': forwardedFor }),
      };
      const asked = request(
        `${acme.admin.url}/public/sessions`,
        { method: 'POST', headers, localAddress },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        },
      );
      asked.on('error', reject).end(JSON.stringify({ email, password }));
    });
  const TEN_GUESSES = [...Array.from({ length: 10 }, () => 401), 429];

  it('whoever guesses a password from elsewhere keeps no member out', async () => {
    const email = await emailOf(await home.member(acme, 'member'));
    const guesses = [];
    while (guesses.length < 11) guesses.push(await signInAt('127.0.0.2', email, `p${guesses.length}`));
    expect(guesses).toEqual(TEN_GUESSES);
    expect(await signInAt('127.0.0.1', email, MemberClient.password)).toBe(201);
  });

  it('two clients behind a trusted proxy use up their own tries each, whatever they say of where they are', async () => {
    const email = await emailOf(await home.member(acme, 'member'));
    const guesses = [];
    // The proxy appends the address that connects to it: what stands before is the client's own word.
    const said = () => `203.0.113.${guesses.length}, 198.51.100.7`;
    while (guesses.length < 11) guesses.push(await signInAt(PROXY, email, `p${guesses.length}`, said()));
    expect(guesses).toEqual(TEN_GUESSES);
    expect(await signInAt(PROXY, email, MemberClient.password, '198.51.100.8')).toBe(201);
  });

  it('who is no trusted proxy gains no tries by saying that it is elsewhere', async () => {
    const email = await emailOf(await home.member(acme, 'member'));
    const guesses = [];
    while (guesses.length < 11)
      guesses.push(await signInAt('127.0.0.4', email, `p${guesses.length}`, `198.51.100.${guesses.length}`));
    expect(guesses).toEqual(TEN_GUESSES);
  });

  it('a session ends when it is signed out, and all others when the password changes', async () => {
    const member = await home.member(acme, 'member');
    const { email } = (await member.get('/public/me')).body as { email: string };
    const signIn = async (password: string) =>
      (await acme.admin.anonymous().expect(201, 'POST', '/public/sessions', { email, password })) as { token: string };
    const other = member.as((await signIn(MemberClient.password)).token);
    const next = 'another long secret';
    expect(code(await member.send('PUT', '/public/me/password', { current: next, next }))).toEqual([422, 'ACCESS.PASSWORD_WRONG']);
    await member.expect(204, 'PUT', '/public/me/password', { current: MemberClient.password, next });
    expect([(await member.get('/public/me')).status, (await other.get('/public/me')).status]).toEqual([200, 401]);
    expect(code(await other.send('PUT', '/public/me/password', { current: next, next }))).toEqual([401, 'ACCESS.TOKEN_REFUSED']);
    await member.expect(204, 'DELETE', '/public/sessions/current');
    expect((await member.get('/public/me')).status).toBe(401);
    await signIn(next);
  }); // prettier-ignore

  it('of two changes of one password at once one is made', async () => {
    const member = await home.member(acme, 'member');
    const change = (next: string) =>
      member.send('PUT', '/public/me/password', { current: MemberClient.password, next });
    const both = await Promise.all(['one more long secret', 'two more long secrets'].map(change));
    expect(both.map(({ status }) => status).sort()).toEqual([204, 422]);
    expect((await member.get('/public/me')).status).toBe(200);
  });

  it('nothing that opens a door is stored as it is', async () => {
    const member = await home.member(acme, 'member');
    const made = await member.expect(201, 'POST', '/public/me/api-keys', { name: 'x', scopes: ['self:read'] });
    const rows = await home.handle(acme.deploymentId).read((reader) =>
      querySql<{ text: string }>(reader, `SELECT s::text AS text FROM member_session s UNION ALL SELECT k::text FROM api_key k UNION ALL
        SELECT m::text FROM member m UNION ALL SELECT i::text FROM member_invite i UNION ALL SELECT a::text FROM idempotency_key a`),
    ); // prettier-ignore
    const all = rows.map(({ text }) => text).join('\n');
    for (const secret of [member.token!, (made as { token: string }).token, MemberClient.password]) {
      expect(all).not.toContain(secret);
      expect(all).not.toContain(secret.slice(-43));
    }
  });
});

describe('API keys', () => {
  it('a key does what its scopes and its member may, until it expires or is revoked', async () => {
    const staff = await home.member(acme, 'staff');
    const made = (await staff.expect(201, 'POST', '/public/me/api-keys', { name: 'import', scopes: ['members:read'] })) as {
      id: string; token: string; prefix: string; lastFour: string;
    }; // prettier-ignore
    expect([made.token.slice(0, 12), made.token.slice(-4)]).toEqual([made.prefix, made.lastFour]);
    const key = staff.as(made.token);
    expect((await key.get('/api/v1/members')).status).toBe(200);
    expect(code(await key.get('/public/me'))).toEqual([403, 'ACCESS.NOT_PERMITTED']);
    await acme.admin.expect(200, 'PATCH', `/api/v1/members/${staff.memberId}`, { role: 'member' });
    expect(code(await key.get('/api/v1/members'))).toEqual([403, 'ACCESS.NOT_PERMITTED']);
    await acme.admin.expect(200, 'PATCH', `/api/v1/members/${staff.memberId}`, { role: 'staff' });
    await staff.expect(204, 'DELETE', `/public/me/api-keys/${made.id}`);
    expect(code(await key.get('/api/v1/members'))).toEqual([401, 'ACCESS.TOKEN_REFUSED']);
    expect((await staff.get('/public/me/api-keys')).body).toMatchObject({ data: [{ id: made.id, revokedAt: expect.any(String) as unknown }] });
    expect(JSON.stringify((await staff.get('/public/me/api-keys')).body)).not.toContain(made.token.slice(-43));
  }); // prettier-ignore

  it('a key cannot have more than its member nor be expired from its start, and only its member revokes it', async () => {
    const [one, two] = [await home.member(acme, 'member'), await home.member(acme, 'member')];
    const wanted = { name: 'x', scopes: ['members:write', 'self:read'] };
    const past = { name: 'x', scopes: ['self:read'], expiresAt: '2026-02-28T00:00:00Z' };
    expect(code(await one.post('/public/me/api-keys', past))).toEqual([422, 'ACCESS.KEY_EXPIRED']);
    const refused = await one.post('/public/me/api-keys', wanted);
    expect([...code(refused), (refused.body as { beyond: string[] }).beyond]).toEqual([422, 'ACCESS.SCOPES_BEYOND_ROLE', ['members:write']]);
    const { id } = (await one.expect(201, 'POST', '/public/me/api-keys', { name: 'x', scopes: ['self:read'] })) as { id: string };
    expect(code(await two.send('DELETE', `/public/me/api-keys/${id}`))).toEqual([404, 'ACCESS.KEY_UNKNOWN']);
  }); // prettier-ignore
});

describe('what only a session does', () => {
  it('a key makes no key, revokes none and changes no password, whatever its member may', async () => {
    const made = { name: 'x', scopes: ['self:read'] };
    const { token, id } = (await acme.admin.expect(201, 'POST', '/public/me/api-keys', made)) as { token: string; id: string };
    const key = acme.admin.as(token);
    expect((await key.get('/public/me')).status).toBe(200);
    for (const answer of [
      await key.post('/public/me/api-keys', { name: 'y', scopes: ['members:write'] }),
      await key.post('/public/me/api-keys', made),
      await key.send('DELETE', `/public/me/api-keys/${id}`),
      await key.send('PUT', '/public/me/password', { current: MemberClient.password, next: 'another long secret' }),
    ]) {
      expect([...code(answer), (answer.body as { needed: string }).needed]).toEqual([403, 'ACCESS.NOT_PERMITTED', 'session']);
    }
  }); // prettier-ignore

  it('a key gives nobody more than a plain member has: who invites an admin, or makes one, is in a session', async () => {
    const made = { name: 'x', scopes: ['members:write', 'members:read'] };
    const { token } = (await acme.admin.expect(201, 'POST', '/public/me/api-keys', made)) as { token: string };
    const key = acme.admin.as(token);
    const email = () => `${randomUUID()}@acme.example`;
    const [plain, staff] = [await invite(key, email()), await invite(acme.admin, email(), 'staff')];
    expect(plain.status).toBe(201);
    const idOf = ({ body }: { body: unknown }) => (body as { member: { id: string } }).member.id;
    expect((await key.post(`/api/v1/members/${idOf(plain)}/invites`)).status).toBe(201);
    for (const answer of [
      await invite(key, email(), 'admin'),
      await invite(key, email(), 'staff'),
      await key.send('PATCH', `/api/v1/members/${idOf(plain)}`, { role: 'admin' }),
      await key.post(`/api/v1/members/${idOf(staff)}/invites`),
    ]) {
      expect([...code(answer), (answer.body as { needed: string }).needed]).toEqual([403, 'ACCESS.NOT_PERMITTED', 'session']);
    }
  }); // prettier-ignore

  it('a member has a hundred good keys at most, and sees all of them before those that are over', async () => {
    const member = await home.member(acme, 'member');
    const keys = (count: number, at: string, until: string | null = null) => home.handle(acme.deploymentId).run((tx) => executeSql(tx,
      `INSERT INTO api_key SELECT gen_random_uuid(), $1::uuid, 'k', md5(random()::text) || md5(random()::text), 'bpk_', 'abcd', '{self:read}', $2::timestamptz,
         $4::timestamptz, NULL FROM generate_series(1, $3::int)`, [member.memberId, at, count, until]));
    await keys(99, '2026-02-01T00:00:00Z');
    const { id } = (await member.expect(201, 'POST', '/public/me/api-keys', { name: 'last', scopes: ['self:read'], expiresAt: null })) as { id: string };
    expect(code(await member.post('/public/me/api-keys', { name: 'x', scopes: ['self:read'] }))).toEqual([422, 'ACCESS.KEYS_TOO_MANY']);
    await member.expect(204, 'DELETE', `/public/me/api-keys/${id}`);
    await keys(3, '2026-02-02T00:00:00Z', '2026-02-28T00:00:00Z');
    const { data } = (await member.get('/public/me/api-keys')).body as { data: { expiresAt: string | null }[] };
    expect([data.length, ...new Set(data.slice(0, 99).map(({ expiresAt }) => expiresAt))]).toEqual([103, null]);
  }); // prettier-ignore
});

describe('F1: members of one tenant at the door of another', () => {
  it('a token is refused wherever another deployment is named', async () => {
    for (const client of [new MemberClient(home.service.url, globex.deploymentId, acme.admin.token)]) {
      for (const path of ['/public/me', '/api/v1/members', '/public/me/api-keys']) {
        expect(code(await client.get(path))).toEqual([401, 'ACCESS.TOKEN_REFUSED']);
      }
    }
    const forged = acme.admin.token!.replace(/_[0-9a-f]{32}_/, `_${globex.deploymentId.replaceAll('-', '')}_`);
    expect(code(await new MemberClient(home.service.url, globex.deploymentId, forged).get('/public/me'))).toEqual([401, 'ACCESS.TOKEN_REFUSED']);
  }); // prettier-ignore

  it('a token says which deployment, behind the gate too: no header has to say it again', async () => {
    const { tenant } = await billingScene(home, 0, licensedFor());
    const add = (headers: Record<string, string>) =>
      fetch(`${home.service.url}/api/v1/products`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tenant.admin.token}`,
          ...{ 'content-type': 'application/json', 'idempotency-key': randomUUID() },
          ...headers,
        },
        body: JSON.stringify({ code: 'boat', name: 'Boat' }),
      });
    expect((await add({ 'x-deployment-id': acme.deploymentId })).status).toBe(401);
    expect((await add({})).status).toBe(201);
  });

  it('ids of the other tenant are unknown, and its invites and passwords open nothing here', async () => {
    const member = await home.member(acme, 'member');
    expect(code(await globex.admin.get(`/api/v1/members/${member.memberId}`))).toEqual([404, 'MEMBER.UNKNOWN']);
    expect(code(await globex.admin.send('DELETE', `/api/v1/members/${member.memberId}`))).toEqual([404, 'MEMBER.UNKNOWN']);
    const { inviteToken } = (await invite(acme.admin, `${randomUUID()}@acme.example`)).body as { inviteToken: string };
    const accept = { token: inviteToken, password: MemberClient.password };
    expect(code(await globex.admin.anonymous().post('/public/invites/accept', accept))).toEqual([422, 'ACCESS.INVITE_INVALID']);
    const { email } = (await member.get('/public/me')).body as { email: string };
    expect(code(await globex.admin.anonymous().post('/public/sessions', { email, password: MemberClient.password }))).toEqual([401, 'ACCESS.SIGN_IN_REFUSED']);
  }); // prettier-ignore

  it('neither a client of the planes nor no token at all is a member', async () => {
    const token = await fetch(`${home.service.url}/oauth/token`, {
      method: 'POST', headers: { authorization: `Basic ${Buffer.from('operator:o').toString('base64')}`, 'content-type': 'application/x-www-form-urlencoded' }, body: 'grant_type=client_credentials',
    }).then(async (response) => ((await response.json()) as { access_token: string }).access_token); // prettier-ignore
    for (const client of [
      acme.admin.as(token),
      acme.admin.anonymous(),
      acme.admin.as(`bps_${'0'.repeat(32)}_${'A'.repeat(43)}`),
    ]) {
      expect(code(await client.get('/api/v1/members'))).toEqual([401, 'ACCESS.TOKEN_REFUSED']);
    }
  });
});

describe('members', () => {
  it('only an admin administers, staff reads, a member sees itself', async () => {
    const [staff, member] = [await home.member(acme, 'staff'), await home.member(acme, 'member')];
    expect([(await staff.get('/api/v1/members')).status, (await member.get('/api/v1/members')).status]).toEqual([200, 403]);
    for (const client of [staff, member]) {
      expect(code(await invite(client, 'x@acme.example'))).toEqual([403, 'ACCESS.NOT_PERMITTED']);
      expect(code(await client.send('PATCH', `/api/v1/members/${member.memberId}`, { role: 'admin' }))).toEqual([403, 'ACCESS.NOT_PERMITTED']);
    }
  }); // prettier-ignore

  it('the license says how many there may be, however many ask at once, and an erased one makes room', async () => {
    const many = await Promise.all(Array.from({ length: 8 }, () => invite(globex.admin, `${randomUUID()}@globex.example`)));
    const made = many.filter(({ status }) => status === 201);
    expect([made.length, ...new Set(many.filter(({ status }) => status !== 201).map((answer) => code(answer).join(' ')))]).toEqual([2, '429 LIMIT.REACHED']);
    const { member } = made[0]!.body as { member: { id: string } };
    await globex.admin.expect(204, 'DELETE', `/api/v1/members/${member.id}`);
    await globex.admin.expect(204, 'DELETE', `/api/v1/members/${member.id}`);
    const next = await Promise.all([1, 2].map(() => invite(globex.admin, `${randomUUID()}@globex.example`)));
    expect(next.map(({ status }) => status).sort()).toEqual([201, 429]);
  }); // prettier-ignore

  it('the same request twice invites once, and its token is shown once', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const body = { email: `${randomUUID()}@acme.example`, role: 'member' };
    const first = await acme.admin.post('/api/v1/members', body, key);
    const again = await acme.admin.post('/api/v1/members', body, key);
    expect([(first.body as { member: object }).member, (again.body as { inviteToken: null }).inviteToken]).toEqual([(again.body as { member: object }).member, null]);
    expect(code(await acme.admin.post('/api/v1/members', body))).toEqual([409, 'MEMBER.EMAIL_TAKEN']);
  }); // prettier-ignore

  it('the last admin stays one, even when two step down at once', async () => {
    const me = async (client: MemberClient) => ((await client.get('/public/me')).body as { id: string }).id;
    const id = await me(globex.admin);
    for (const [method, body] of [['PATCH', { role: 'staff' }], ['PATCH', { state: 'disabled' }], ['DELETE', undefined]] as const) {
      expect(code(await globex.admin.send(method, `/api/v1/members/${id}`, body))).toEqual([422, 'MEMBER.LAST_ADMIN']);
    }
    const alone = await home.deployment(modules('9'));
    const second = await home.member(alone, 'admin');
    const both = await Promise.all(
      [alone.admin, second].map(async (client) =>
        client.send('PATCH', `/api/v1/members/${await me(client)}`, { role: 'staff' }),
      ),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 422]);
  }); // prettier-ignore

  it('what an erased member was charged for ends with its day, and nothing is added to it', async () => {
    const { tenant, accounts, memberIds } = await billingScene(home, 1, licensedFor());
    const later = { productCode: 'locker', description: 'x', price: { amount: '1.00', currency: 'CHF' }, intervalMonths: 1, timeZone: 'Europe/Zurich', startsOn: '2026-05-01' };
    const items = `/api/v1/accounts/${accounts[0]}/items`;
    for (const body of [{ ...later, startsOn: '2026-02-01' }, later]) await tenant.admin.expect(201, 'POST', items, body);
    await tenant.admin.expect(204, 'DELETE', `/api/v1/members/${memberIds[0]}`);
    const { data } = (await tenant.admin.get('/api/v1/items')).body as { data: { id: string; startsOn: string; endsOn: string; nextDueAt: string | null }[] };
    expect(data.map(({ startsOn, endsOn, nextDueAt }) => [startsOn, endsOn, nextDueAt !== null])).toEqual([
      ['2026-02-01', '2026-03-02', true], ['2026-05-01', '2026-05-01', false],
    ]);
    expect(code(await tenant.admin.post(items, later))).toEqual([422, 'FINANCIALS.MEMBER_UNKNOWN']);
    expect(code(await tenant.admin.send('PUT', `/api/v1/items/${data[0]!.id}/end`, { endsOn: null }))).toEqual([422, 'FINANCIALS.MEMBER_UNKNOWN']);
    const paid = { kind: 'payment', amount: { amount: '1.00', currency: 'CHF' }, description: 'late' };
    expect((await tenant.admin.post(`/api/v1/accounts/${accounts[0]}/entries`, paid)).status).toBe(201);
    expect(code(await tenant.admin.post(`/api/v1/accounts/${accounts[0]}/entries`, { ...paid, valueAt: '2026-13-45T99:99:99Z' }))).toEqual([400, 'REQUEST.INVALID']);
    expect(code(await tenant.admin.get(`/api/v1/accounts/${accounts[0]}/balance?at=2026-02-30T00:00:00Z`))).toEqual([400, 'REQUEST.INVALID']);
  }); // prettier-ignore

  it('an erased member leaves nothing that says who it was, cannot come back, and may be invited as a new one', async () => {
    const member = await home.member(acme, 'member');
    const { email } = (await member.get('/public/me')).body as { email: string };
    await member.expect(201, 'POST', '/public/me/api-keys', { name: 'x', scopes: ['self:read'] });
    const [key, body] = [{ 'idempotency-key': randomUUID() }, { email: `${randomUUID()}@acme.example`, name: 'Sam', role: 'member' }];
    const asked = (await acme.admin.post('/api/v1/members', body, key)).body as { member: { id: string } };
    await acme.admin.expect(204, 'DELETE', `/api/v1/members/${asked.member.id}`);
    expect((await acme.admin.post('/api/v1/members', body, key)).body).toMatchObject({ member: { id: asked.member.id, email: null, name: null }, inviteToken: null });
    await acme.admin.expect(204, 'DELETE', `/api/v1/members/${member.memberId}`);
    expect((await member.get('/public/me')).status).toBe(401);
    const [row] = await home.handle(acme.deploymentId).read((reader) =>
      querySql<{ text: string }>(reader, `SELECT concat((SELECT m::text FROM member m WHERE id = $1::uuid), (SELECT string_agg(a::text, '') FROM member_audit a),
        (SELECT string_agg(k::text, '') FROM api_key k WHERE member_id = $1::uuid), (SELECT string_agg(i::text, '') FROM idempotency_key i)) AS text`, [member.memberId]),
    ); // prettier-ignore
    expect(row!.text).not.toContain(email);
    expect(code(await acme.admin.send('PATCH', `/api/v1/members/${member.memberId}`, { state: 'active' }))).toEqual([422, 'MEMBER.STATE_FORBIDS']);
    expect((await invite(acme.admin, email)).status).toBe(201);
  }); // prettier-ignore
});

describe('when time passes', () => {
  it('a session ends after half a day, an API key at its end, and an invite after two weeks', async () => {
    const member = await home.member(acme, 'member');
    const until = { name: 'x', scopes: ['self:read'], expiresAt: '2026-03-02T10:00:00.000Z' };
    const { token } = (await member.expect(201, 'POST', '/public/me/api-keys', until)) as { token: string };
    const { inviteToken } = (await invite(acme.admin, `${randomUUID()}@acme.example`)).body as { inviteToken: string };
    const key = member.as(token);
    home.setClock('2026-03-01T23:00:00.000Z');
    await waitFor('the clock', async () => (await member.get('/public/me')).status === 401);
    expect((await key.get('/public/me')).status).toBe(200);
    home.setClock('2026-03-16T10:00:01.000Z');
    await waitFor('the clock', async () => (await key.get('/public/me')).status === 401);
    const accept = { token: inviteToken, password: MemberClient.password };
    expect(code(await acme.admin.anonymous().post('/public/invites/accept', accept))).toEqual([422, 'ACCESS.INVITE_INVALID']);
  }); // prettier-ignore
});
