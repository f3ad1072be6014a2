import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Clock } from '@biplane/kernel';
import { CLOCK, executeSql, querySql, SystemClock } from '@biplane/service-kit';
import { waitFor, type Answer } from '@biplane/testing';
import { licensedFor } from '../../../testing/billing-scene.js';
import { OpenIdRig, type Forgery } from '../../../testing/openid-rig.js';
import { MemberClient, RunningHome, type ServedDeployment } from '../../../testing/running-home.js';

const redirectUri = 'http://127.0.0.1:7777/signed-in';
let home: RunningHome;
let provider: OpenIdRig;
let acme: ServedDeployment;
let globex: ServedDeployment;
const providerIds = new Map<string, string>();

beforeAll(async () => {
  home = await RunningHome.start(new SystemClock().now().toISOString(), { OIDC_TEST_HOSTS: '127.0.0.1' });
  provider = await OpenIdRig.start([redirectUri]);
  [acme, globex] = await Promise.all([home.deployment(licensedFor()), home.deployment(licensedFor())]);
  for (const { admin, deploymentId } of [acme, globex]) {
    const made = await admin.expect(201, 'POST', '/api/v1/identity-providers', newProvider());
    providerIds.set(deploymentId, (made as { id: string }).id);
  }
});
afterAll(async () => {
  await provider?.close();
  await home?.close();
});
beforeEach(() => {
  provider.account = `account-${randomUUID()}`;
  provider.forgery = null;
  provider.answer = null;
});

const newProvider = (changes: object = {}) => ({
  name: 'Acme staff', issuer: provider.issuer, ...OpenIdRig.client, redirectUris: [redirectUri], ...changes,
}); // prettier-ignore
const code = ({ status, body }: Answer) => [status, (body as { code?: string }).code];
const where = (of: { deploymentId: string }) => ({ providerId: providerIds.get(of.deploymentId)!, redirectUri });

interface Begun {
  readonly authorizationUrl: string;
  readonly flowToken: string;
}
const begin = async (by: MemberClient, path: string, more: object = {}) =>
  (await by.expect(201, 'POST', path, { ...where(by), ...more })) as Begun;
const complete = (by: MemberClient, body: object) => by.anonymous().post('/public/oidc/completions', body);
/** Begins, signs in at the provider, and completes. */
async function through(by: MemberClient, path: string, more: object = {}): Promise<Answer> {
  const { authorizationUrl, flowToken } = await begin(by, path, more);
  return complete(by, { ...(await provider.visit(authorizationUrl)), flowToken });
}
const signIn = (of: { admin: MemberClient }) => through(of.admin.anonymous(), '/public/oidc/sign-ins');
const LINK = '/public/me/identity';
/** A member who has linked the present account. */
async function linked(of: ServedDeployment): Promise<MemberClient & { memberId: string }> {
  const member = await home.member(of, 'member');
  expect(await through(member, LINK)).toMatchObject({ status: 201, body: { purpose: 'link', memberId: member.memberId, token: null } });
  return member;
} // prettier-ignore

let linkedAccount: string | undefined;
/** Which signs in as long as nothing is forged, a token that is signed again included. */
const goodAccount = async (): Promise<string> => {
  if (linkedAccount !== undefined) return linkedAccount;
  await linked(acme);
  provider.forgery = {};
  expect((await signIn(acme)).status).toBe(201);
  return (linkedAccount = provider.account);
};

async function moveClock(byMs: number): Promise<void> {
  const to = new SystemClock().now().getTime() + byMs;
  home.setClock(new Date(to));
  const clock = home.service.app.get<Clock>(CLOCK, { strict: false });
  await waitFor('the clock', () => Promise.resolve(Math.abs(clock.now().getTime() - to) < 30_000));
}

describe('an identity at a provider of the tenant', () => {
  it('is linked with a session and signs in from then on, until it is taken away', async () => {
    expect(code(await signIn(acme))).toEqual([401, 'OIDC.IDENTITY_UNKNOWN']);
    const member = await linked(acme);
    const { status, body } = await signIn(acme);
    expect([status, body]).toMatchObject([201, { purpose: 'sign_in', memberId: member.memberId }]);
    const session = acme.admin.as((body as { token: string }).token);
    expect((await session.get('/public/me')).body).toMatchObject({ id: member.memberId, deploymentId: acme.deploymentId });
    expect(code(await through(member, LINK))).toEqual([409, 'OIDC.ALREADY_LINKED']);
    await session.expect(204, 'DELETE', LINK);
    expect([(await session.get('/public/me')).status, (await member.get('/public/me')).status]).toEqual([200, 401]);
    expect(code(await signIn(acme))).toEqual([401, 'OIDC.IDENTITY_UNKNOWN']);
  }); // prettier-ignore

  it('is linked as an invite is accepted, instead of a password, and stays the only way in', async () => {
    const invited = await acme.admin.expect(201, 'POST', '/api/v1/members', { email: `${randomUUID()}@acme.example`, role: 'staff' });
    const { inviteToken, member } = invited as { inviteToken: string; member: { id: string } };
    const accept = () => through(acme.admin.anonymous(), '/public/oidc/acceptances', { token: inviteToken });
    const accepted = await accept();
    expect(accepted).toMatchObject({ status: 201, body: { purpose: 'accept', memberId: member.id } });
    const session = acme.admin.as((accepted.body as { token: string }).token);
    expect((await session.get('/public/me')).body).toMatchObject({ id: member.id, role: 'staff', hasPassword: false, identityIssuer: provider.issuer });
    expect(code(await session.send('DELETE', LINK))).toEqual([422, 'OIDC.ONLY_WAY_IN']);
    const again = { ...where(acme), token: inviteToken };
    expect(code(await acme.admin.anonymous().post('/public/oidc/acceptances', again))).toEqual([422, 'ACCESS.INVITE_INVALID']);
    expect((await signIn(acme)).body).toMatchObject({ memberId: member.id });
  }); // prettier-ignore

  it('belongs to one member of a deployment, and to another one of another', async () => {
    const first = await linked(acme);
    expect(code(await through(await home.member(acme, 'member'), LINK))).toEqual([409, 'OIDC.IDENTITY_TAKEN']);
    const other = await linked(globex);
    expect((await signIn(acme)).body).toMatchObject({ memberId: first.memberId });
    expect((await signIn(globex)).body).toMatchObject({ memberId: other.memberId });
  });

  it('opens nothing once its member is disabled, erased, or its provider is switched off', async () => {
    const [first, account] = [await linked(acme), provider.account];
    await acme.admin.expect(200, 'PATCH', `/api/v1/members/${first.memberId}`, { state: 'disabled' });
    expect(code(await signIn(acme))).toEqual([401, 'OIDC.IDENTITY_UNKNOWN']);
    await acme.admin.expect(200, 'PATCH', `/api/v1/members/${first.memberId}`, { state: 'active' });
    expect((await signIn(acme)).status).toBe(201);
    await begin(acme.admin.as((await signedIn()).token), LINK);
    await acme.admin.expect(204, 'DELETE', `/api/v1/members/${first.memberId}`);
    expect(code(await signIn(acme))).toEqual([401, 'OIDC.IDENTITY_UNKNOWN']);
    const rows = await home.handle(acme.deploymentId).read((reader) =>
      querySql<{ text: string }>(reader, 'SELECT m::text AS text FROM member m UNION ALL SELECT a::text FROM oidc_attempt a'));
    expect(rows.map(({ text }) => text).join()).not.toContain(account);
    const change = (enabled: boolean) => acme.admin.expect(200, 'PATCH', `/api/v1/identity-providers/${where(acme).providerId}`, { enabled });
    const begun = await begin(acme.admin.anonymous(), '/public/oidc/sign-ins');
    await change(false);
    expect(code(await complete(acme.admin, { ...(await provider.visit(begun.authorizationUrl)), flowToken: begun.flowToken }))).toEqual([404, 'OIDC.PROVIDER_UNKNOWN']);
    expect((await acme.admin.anonymous().get('/public/oidc/providers')).body).toEqual({ data: [] });
    await change(true);

    async function signedIn() {
      return (await signIn(acme)).body as { token: string };
    }
  }); // prettier-ignore
});

describe('a completion', () => {
  it('is good once, for who began it, within ten minutes, and only as long as the session that links is open', async () => {
    const anonymous = acme.admin.anonymous();
    await linked(acme);
    const visited = async () => {
      const { authorizationUrl, flowToken } = await begin(anonymous, '/public/oidc/sign-ins');
      return { ...(await provider.visit(authorizationUrl)), flowToken };
    };
    const [one, two] = [await visited(), await visited()];
    expect(code(await complete(acme.admin, { ...one, flowToken: two.flowToken }))).toEqual([422, 'OIDC.ATTEMPT_INVALID']);
    expect(code(await complete(acme.admin, { ...one, state: two.state }))).toEqual([422, 'OIDC.ATTEMPT_INVALID']);
    const both = await Promise.all([complete(acme.admin, one), complete(acme.admin, one)]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 422]);
    expect(code(await complete(acme.admin, one))).toEqual([422, 'OIDC.ATTEMPT_INVALID']);
    // A code of another beginning: the verifier is not its own.
    const three = await visited();
    expect(code(await complete(acme.admin, { ...three, code: two.code }))).toEqual([401, 'OIDC.IDENTITY_REFUSED']);
    expect(code(await complete(acme.admin, three))).toEqual([422, 'OIDC.ATTEMPT_INVALID']);

    provider.account = `account-${randomUUID()}`;
    const member = await home.member(acme, 'member');
    const link = await begin(member, LINK);
    const returned = await provider.visit(link.authorizationUrl);
    await member.expect(204, 'DELETE', '/public/sessions/current');
    expect(code(await complete(member, { ...returned, flowToken: link.flowToken }))).toEqual([422, 'OIDC.ATTEMPT_INVALID']);

    const account = await goodAccount();
    const late = await visited();
    await moveClock(10 * 60_000);
    expect(code(await complete(acme.admin, late))).toEqual([422, 'OIDC.ATTEMPT_INVALID']);
    // What the provider gives for ten minutes by the machine's time is over by the Clock.
    await moveClock(11 * 60_000);
    provider.account = account;
    const expired = code(await signIn(acme));
    await moveClock(0);
    expect(expired).toEqual([401, 'OIDC.IDENTITY_REFUSED']);
    expect((await signIn(acme)).status).toBe(201);
  }); // prettier-ignore

  it('of another tenant is unknown, and a provider of another tenant too', async () => {
    await linked(acme);
    const begun = await begin(acme.admin.anonymous(), '/public/oidc/sign-ins');
    const returned = { ...(await provider.visit(begun.authorizationUrl)), flowToken: begun.flowToken };
    expect(code(await complete(globex.admin, returned))).toEqual([422, 'OIDC.ATTEMPT_INVALID']);
    const theirs = where(acme);
    expect(code(await globex.admin.anonymous().post('/public/oidc/sign-ins', theirs))).toEqual([404, 'OIDC.PROVIDER_UNKNOWN']);
    expect(code(await globex.admin.post(LINK, theirs))).toEqual([404, 'OIDC.PROVIDER_UNKNOWN']);
    expect((await globex.admin.send('DELETE', `/api/v1/identity-providers/${theirs.providerId}`)).status).toBe(404);
    expect((await globex.admin.send('PATCH', `/api/v1/identity-providers/${theirs.providerId}`, { name: 'x' })).status).toBe(404);
    expect(JSON.stringify((await globex.admin.get('/api/v1/identity-providers')).body)).not.toContain(theirs.providerId);
    expect((await complete(acme.admin, returned)).status).toBe(201);
  }); // prettier-ignore

  const hour = 3_600;
  const seconds = () => Math.floor(new SystemClock().now().getTime() / 1000);
  it.each<[string, () => Forgery]>([
    ['for another audience', () => ({ claims: { aud: 'somebody' } })],
    ['for several, of whom another one is authorized', () => ({ claims: { aud: ['biplane', 'x'], azp: 'x' } })],
    ['of another issuer', () => ({ claims: { iss: 'https://login.evil.example' } })],
    ['of an issuer with one slash more', () => ({ claims: { iss: `${provider.issuer}/` } })],
    ['that has expired', () => ({ claims: { iat: seconds() - 2 * hour, exp: seconds() - hour } })],
    ['of another nonce', () => ({ claims: { nonce: 'n' } })],
    ['without a nonce', () => ({ claims: { nonce: undefined } })],
    ['without a subject', () => ({ claims: { sub: '' } })],
    ['without a signature', () => ({ alg: 'none' })],
    ['signed with the client secret', () => ({ alg: 'HS256' })],
    ['signed by a stranger', () => ({ alg: 'foreign key' })],
  ])('an ID token %s opens nothing', async (_why, forgery) => {
    provider.account = await goodAccount();
    provider.forgery = forgery();
    expect(code(await signIn(acme))).toEqual([401, 'OIDC.IDENTITY_REFUSED']);
  });

  it('names the issuer that it came from, where the provider does', async () => {
    await linked(acme);
    for (const iss of ['https://login.evil.example', undefined]) {
      const { authorizationUrl, flowToken } = await begin(acme.admin.anonymous(), '/public/oidc/sign-ins');
      const { state, code: granted } = await provider.visit(authorizationUrl);
      const answer = await complete(acme.admin, { state, code: granted, flowToken, ...(iss && { iss }) });
      expect(code(answer)).toEqual([401, 'OIDC.IDENTITY_REFUSED']);
    }
  });
});

describe('identity providers', () => {
  it('only admins set them, their secret is sealed and never shown, and an API key links nothing', async () => {
    const shown = await acme.admin.expect(200, 'GET', '/api/v1/identity-providers');
    expect(shown).toMatchObject({ data: [{ issuer: provider.issuer, hasSecret: true, enabled: true }] });
    const stored = await home.handle(acme.deploymentId).read((reader) =>
      querySql<{ text: string }>(reader, 'SELECT p::text AS text FROM identity_provider p UNION ALL SELECT k::text FROM idempotency_key k'));
    for (const text of [JSON.stringify(shown), ...stored.map(({ text: row }) => row)]) expect(text).not.toContain(OpenIdRig.client.clientSecret);
    const staff = await home.member(acme, 'staff');
    expect(code(await staff.post('/api/v1/identity-providers', newProvider()))).toEqual([403, 'ACCESS.NOT_PERMITTED']);
    expect(code(await staff.get('/api/v1/identity-providers'))).toEqual([403, 'ACCESS.NOT_PERMITTED']);
    const key = (await staff.expect(201, 'POST', '/public/me/api-keys', { name: 'k', scopes: ['self:read'] })) as { token: string };
    expect(code(await staff.as(key.token).post(LINK, where(acme)))).toEqual([403, 'ACCESS.NOT_PERMITTED']);
    expect(code(await acme.admin.post('/api/v1/identity-providers', newProvider()))).toEqual([409, 'OIDC.ISSUER_TAKEN']);
    const elsewhere = { ...where(acme), redirectUri: 'http://127.0.0.1:7777/signed-in/x' };
    expect(code(await acme.admin.anonymous().post('/public/oidc/sign-ins', elsewhere))).toEqual([422, 'OIDC.REDIRECT_REFUSED']);
  }); // prettier-ignore

  it('a secret that was sealed elsewhere opens nothing, until an admin sets it again', async () => {
    const secretOf = async ({ deploymentId }: ServedDeployment) =>
      (await home.handle(deploymentId).read((reader) => querySql<{ secret: string }>(reader, 'SELECT client_secret AS secret FROM identity_provider')))[0]!.secret;
    const theirs = await secretOf(globex);
    await home.handle(acme.deploymentId).run((tx) => executeSql(tx, 'UPDATE identity_provider SET client_secret = $1', [theirs]));
    const begun = () => acme.admin.anonymous().post('/public/oidc/sign-ins', where(acme));
    expect(code(await begun())).toEqual([503, 'OIDC.SECRET_UNREADABLE']);
    const { clientSecret } = OpenIdRig.client;
    await acme.admin.expect(200, 'PATCH', `/api/v1/identity-providers/${where(acme).providerId}`, { clientSecret });
    expect((await begun()).status).toBe(201);
  }); // prettier-ignore

  it.each([
    ['at a private address', 'https://10.0.0.1', 'ADDRESS_REFUSED', 'not on the open internet'],
    ['at the metadata of a cloud', 'https://169.254.169.254', 'ADDRESS_REFUSED', 'not on the open internet'],
    ['by plain HTTP', 'http://login.acme.example', 'SCHEME_REFUSED', 'https'],
    ['on the machine itself by another name', 'https://localhost', 'ADDRESS_REFUSED', 'not on the open internet'],
    ['with a login in it', 'https://a:b@login.acme.example', 'CREDENTIALS_REFUSED', 'user name'],
    ['at a port of another service', 'https://login.acme.example:25', 'PORT_REFUSED', 'port'],
  ])('an issuer %s is not called, and the answer says why', async (_what, issuer, reason, why) => {
    const answer = await acme.admin.post('/api/v1/identity-providers', newProvider({ issuer }));
    const detail = expect.stringContaining(why) as unknown;
    expect(answer).toMatchObject({ status: 422, body: { code: 'OIDC.ISSUER_REFUSED', reason, detail } });
  });

  it('one that is away, sends elsewhere, talks without end or describes another one is refused, and nothing is kept of it', async () => {
    const empty = await home.deployment(licensedFor());
    const add = async () => code(await empty.admin.post('/api/v1/identity-providers', newProvider()));
    const say = (status: number, headers: Record<string, string>, body: string) => {
      provider.answer = (_, response) => {
        response.writeHead(status, headers).end(body);
        return true;
      };
    };
    const json = { 'content-type': 'application/json' };
    const document = (changes: object) =>
      JSON.stringify({
        issuer: provider.issuer, authorization_endpoint: `${provider.issuer}/auth`, token_endpoint: `${provider.issuer}/token`,
        jwks_uri: `${provider.issuer}/jwks`, response_types_supported: ['code'], ...changes,
      }); // prettier-ignore
    say(302, { location: `${provider.issuer}/other` }, '');
    expect(await add()).toEqual([503, 'OIDC.PROVIDER_UNREACHABLE']);
    expect(provider.requests.at(-1)).not.toContain('/other');
    say(200, json, `"${'x'.repeat(300_000)}"`);
    expect(await add()).toEqual([503, 'OIDC.PROVIDER_UNREACHABLE']);
    say(200, json, document({ issuer: 'https://login.evil.example' }));
    expect(await add()).toEqual([422, 'OIDC.PROVIDER_REFUSED']);
    say(200, json, document({ token_endpoint: 'https://10.0.0.1/token' }));
    expect(await add()).toEqual([422, 'OIDC.PROVIDER_REFUSED']);
    say(200, json, document({ code_challenge_methods_supported: ['plain'] }));
    expect(await add()).toEqual([422, 'OIDC.PROVIDER_REFUSED']);
    expect((await empty.admin.get('/api/v1/identity-providers')).body).toEqual({ data: [] });
  });
});
