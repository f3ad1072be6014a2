import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createECDH, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyKeyStatement, verifyLicense } from '@biplane/licensing';
import { checkInvariants, ServiceClient, testPostgres, waitFor, type TestPostgres } from '@biplane/testing';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { prepareCatalog, tenantBody } from '../../testing/scenario.js';

type Key = RunningCore['key'];
type Behavior = 'sign' | 'refuse' | 'fail' | 'hang' | 'lie';

const token = randomUUID();
const folder = mkdtempSync(join(tmpdir(), 'signing-keys-'));
const held = new Map<string, Key>();
let behavior: Behavior[] = [];
const asked: { kid: string; digest: string }[] = [];
let kms: Server;
let postgres: TestPostgres;
let core: RunningCore;
let admin: ServiceClient;

/** A key service: it holds keys, sees digests, and misbehaves as it is told, once each. */
function keyService(): Server {
  return createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const answer = (status: number, value: unknown) => response.writeHead(status).end(JSON.stringify(value));
      if (request.url !== '/keys/sign' || request.headers.authorization !== `Bearer ${token}`) return answer(401, {});
      const question = JSON.parse(body) as { kid: string; digest: string };
      asked.push(question);
      const how = behavior.shift() ?? 'sign';
      const key = held.get(question.kid);
      if (how === 'hang') return;
      if (how === 'fail') return answer(500, {});
      if (how === 'refuse' || !key) return answer(403, {});
      if (how === 'lie') return answer(200, { signature: Buffer.alloc(64, 1).toString('base64url') });
      return answer(200, { signature: signDigest(key, question.digest) });
    });
  });
}

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const inverse = (value: bigint): bigint => power(value, ORDER - 2n);
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let [b, e] = [base % ORDER, exponent]; e > 0n; e >>= 1n, b = (b * b) % ORDER)
    if (e & 1n) result = (result * b) % ORDER;
  return result;
}
const toBytes = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const toNumber = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

/** ECDSA over a digest that was made elsewhere, which Node does not offer: what a key service does inside. */
function signDigest(key: Key, digest: string): string {
  const [secret, nonce] = [Buffer.from(String(key.privateJwk['d']), 'base64url'), createECDH('prime256v1')];
  nonce.generateKeys();
  const r = toNumber(nonce.getPublicKey().subarray(1, 33)) % ORDER;
  const z = toNumber(Buffer.from(digest, 'base64url'));
  const s = (inverse(toNumber(nonce.getPrivateKey())) * (z + r * toNumber(secret))) % ORDER;
  return Buffer.concat([toBytes(r), toBytes(s)]).toString('base64url');
}

beforeAll(async () => {
  kms = keyService();
  await new Promise<void>((resolve) => kms.listen(0, '127.0.0.1', resolve));
  postgres = await testPostgres('core');
  core = await runCore({
    databaseUrl: postgres.url,
    regions: ['eu-1'],
    signingKeysFolder: folder,
    kms: { url: `http://127.0.0.1:${(kms.address() as AddressInfo).port}/keys`, token },
  });
  admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await prepareCatalog(admin, { region: 'eu-1', homeId: randomUUID(), key: core.key });
});
afterAll(async () => {
  await core?.close();
  kms?.closeAllConnections();
  await new Promise((resolve) => kms?.close(resolve));
  rmSync(folder, { recursive: true });
  await checkInvariants(postgres.url);
  await postgres?.drop();
});

const publicPart = ({ kid, privateJwk, trusted, revoked }: Key) => {
  const { d: _, ...publicJwk } = privateJwk;
  return { kid, publicJwk, trusted, revoked };
};
const importAs = (key: Key, signer: string, over: object = {}) =>
  admin.post('/api/v1/licenses/keys', { ...publicPart(key), signer, ...over });
async function rotateTo(kid: string): Promise<void> {
  const begun = await admin.expect(202, 'POST', '/api/v1/licenses/keys/rotate', { kid, reason: 'test' });
  const path = `/api/v1/licenses/keys/rotations/${(begun as { id: string }).id}`;
  const state = async () => ((await admin.expect(200, 'GET', path)) as { state: string }).state;
  await waitFor('the rotation', async () => (await state()) === 'succeeded');
}
async function deployment(): Promise<string> {
  const headers = { 'idempotency-key': randomUUID() };
  const body = tenantBody(`t-${randomUUID().slice(0, 8)}`, 'eu-1');
  const created = await admin.expect(202, 'POST', '/api/v1/tenants', body, headers);
  return (created as { deployment: { id: string } }).deployment.id;
}
/** As a home would. */
async function expectVerified(deploymentId: string, key: Key): Promise<void> {
  const shown = (await admin.expect(200, 'GET', `/api/v1/licenses/${deploymentId}`)) as { signed: string; kid: string };
  const trusted = verifyKeyStatement(key.trusted, core.rootPublicKey);
  if (!trusted.ok) throw new Error(trusted.error.detail);
  const trustedKeys = new Map([[key.kid, trusted.value]]);
  const verified = verifyLicense(shown.signed, { trustedKeys, expectedDeploymentId: deploymentId, now: new Date() });
  expect([shown.kid, verified.ok]).toEqual([key.kid, true]);
}

describe('the port of the signing key', () => {
  it('a key in a folder signs what a home verifies, and is never stored', async () => {
    const key = core.anotherKey();
    expect(await importAs(key, 'folder')).toMatchObject({
      status: 503,
      body: { code: 'LICENSING.SIGNER_UNAVAILABLE' },
    });
    writeFileSync(join(folder, `${key.kid}.json`), JSON.stringify({ privateJwk: key.privateJwk }));
    expect(await importAs(key, 'folder')).toMatchObject({ status: 201 });
    await rotateTo(key.kid);
    await expectVerified(await deployment(), key);
    expect(await postgres.query('SELECT private_key_encrypted FROM signing_key WHERE kid = $1', [key.kid])).toEqual([
      { private_key_encrypted: null },
    ]);
  });

  it('a key service signs digests alone, and a home verifies the license', async () => {
    const key = core.anotherKey();
    held.set(key.kid, key);
    expect(await importAs(key, 'kms')).toMatchObject({ status: 201 });
    await rotateTo(key.kid);
    asked.length = 0;
    const id = await deployment();
    await expectVerified(id, key);
    expect(asked).toEqual([{ kid: key.kid, digest: expect.stringMatching(/^[\w-]{43}$/) }]);

    behavior = ['fail', 'hang', 'sign'];
    await admin.expect(200, 'POST', `/api/v1/licenses/${id}/reissue`, { reason: 'retried' });
    expect(asked).toHaveLength(4);
    await expectVerified(id, key);

    const unavailable = { status: 503, body: { code: 'LICENSING.SIGNER_UNAVAILABLE' } };
    const reissue = () => admin.post(`/api/v1/licenses/${id}/reissue`, { reason: 'x' });
    const before = await admin.expect(200, 'GET', `/api/v1/licenses/${id}`);
    for (const failing of [['refuse'], ['fail', 'fail', 'fail'], ['lie']] as Behavior[][]) {
      behavior = failing;
      expect(await reissue()).toMatchObject(unavailable);
    }
    // Neither a version nor a record was left behind.
    expect(await admin.expect(200, 'GET', `/api/v1/licenses/${id}`)).toEqual(before);
  });

  it.each([
    ['a service that does not hold the key', {}, 503, 'LICENSING.SIGNER_UNAVAILABLE'],
    ['a private half beside another holder', { privateJwk: {} }, 422, 'LICENSING.KEY_INVALID'],
    ['no public half', { publicJwk: undefined }, 422, 'LICENSING.KEY_INVALID'],
    ['an unknown holder', { signer: 'drawer' }, 400, 'REQUEST.INVALID'],
  ])('refuses %s, and keeps nothing of it', async (_why, over, status, code) => {
    const key = core.anotherKey();
    expect(await importAs(key, 'kms', over)).toMatchObject({ status, body: { code } });
    expect(await postgres.query('SELECT 1 FROM signing_key WHERE kid = $1', [key.kid])).toEqual([]);
  });

  it('the only key is revoked by force alone; its successor signs everything anew', async () => {
    const only = await testPostgres('core');
    const own = await runCore({ databaseUrl: only.url, regions: ['eu-1'] });
    const client = new ServiceClient(own.url, { clientId: 'admin', clientSecret: 'admin' });
    await prepareCatalog(client, { region: 'eu-1', homeId: randomUUID(), key: own.key });
    const headers = { 'idempotency-key': randomUUID() };
    await client.expect(202, 'POST', '/api/v1/tenants', tenantBody('only', 'eu-1'), headers);
    const revoke = (body: object) =>
      client.post(`/api/v1/licenses/keys/${own.key.kid}/revoke`, { reason: 'stolen', ...body });
    expect(await revoke({})).toMatchObject({ status: 422, body: { code: 'LICENSING.KEY_ONLY' } });
    expect(await revoke({ force: true })).toMatchObject({ status: 202, body: { state: 'succeeded', toKid: null } });
    expect(await client.get('/api/v1/licenses/keys')).toMatchObject({ body: { data: [{ state: 'revoked' }] } });
    const [statement] = await only.query<{ value: string }>(
      `SELECT value FROM outbox WHERE topic = 'license.keys' ORDER BY id DESC LIMIT 1`,
    );
    expect(JSON.parse(statement!.value)).toEqual({ kid: own.key.kid, statement: own.key.revoked });
    const next = own.anotherKey();
    await client.expect(201, 'POST', '/api/v1/licenses/keys', next);
    await waitFor('the license anew', async () => {
      const rows = await only.query<{ kid: string }>(
        'SELECT kid FROM license_head JOIN license USING (deployment_id, version)',
      );
      return rows.every(({ kid }) => kid === next.kid);
    });
    await own.close();
    await checkInvariants(only.url);
    await only.drop();
  });
});
