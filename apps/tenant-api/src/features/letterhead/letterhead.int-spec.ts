import { deflateSync, crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { querySql } from '@biplane/service-kit';
import { licensedFor } from '../../testing/billing-scene.js';
import { RunningHome, type ServedDeployment } from '../../testing/running-home.js';

const ours = {
  legalName: 'Ruderclub Zürich',
  address: ['Seestrasse 1', '8002 Zürich'],
  taxId: 'CHE-111.222.333',
  contact: ['kasse@ruderclub.example'],
  footer: 'Zahlbar innert 30 Tagen.',
  locale: 'de-CH',
  timeZone: 'Europe/Zurich',
};
let home: RunningHome;
let tenant: ServedDeployment;

beforeAll(async () => {
  home = await RunningHome.start('2026-03-01T10:00:00.000Z');
  tenant = await home.deployment(licensedFor());
});
afterAll(async () => {
  await home?.close();
});

const put = (body: object, by = tenant.admin) => by.send('PUT', '/api/v1/letterhead', body);
const chunk = (name: string, body: Buffer): Buffer => {
  const named = Buffer.concat([Buffer.from(name), body]);
  const words = Buffer.alloc(8);
  words.writeUInt32BE(body.length);
  words.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([words.subarray(0, 4), named, words.subarray(4)]);
};
/** Gray, of that size. */
const png = (width: number, height: number): string => {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  head.set([8, 0, 0, 0, 0], 8);
  const rows = deflateSync(
    Buffer.alloc(height * (width + 1), 0x40).map((byte, at) => (at % (width + 1) === 0 ? 0 : byte)),
  );
  const parts = [chunk('IHDR', head), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts]).toString('base64');
};

describe('a letterhead', () => {
  it('is a new version with each change, keeps its logo until told otherwise, and the same again makes none', async () => {
    expect((await tenant.admin.get('/api/v1/letterhead')).body).toMatchObject({ code: 'LETTERHEAD.NONE' });
    const first = await put({ ...ours, logo: png(40, 20) });
    expect(first).toMatchObject({ status: 200, body: { version: 1, legalName: ours.legalName, registration: null } });
    const { logo } = first.body as { logo: { sha256: string } };
    expect(logo.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect((await put(ours)).body).toMatchObject({ version: 1 });
    expect((await put({ ...ours, footer: null })).body).toMatchObject({ version: 2, footer: null, logo });
    expect((await put({ ...ours, logo: null })).body).toMatchObject({ version: 3, logo: null });
    expect((await tenant.admin.get('/api/v1/letterhead')).body).toMatchObject({ version: 3 });
    const list = (path: string) => tenant.admin.expect(200, 'GET', path) as Promise<{ data: { version: number }[]; page: { nextCursor: string } }>;
    const page = await list('/api/v1/letterhead/versions?limit=2');
    const rest = await list(`/api/v1/letterhead/versions?limit=2&cursor=${page.page.nextCursor}`);
    expect([...page.data, ...rest.data].map(({ version }) => version)).toEqual([3, 2, 1]);
  }); // prettier-ignore

  it('and a member are edited as they were seen, or not at all: the tag of another state is 412 and changes nothing', async () => {
    const other = await home.deployment(licensedFor());
    const { memberId } = await home.member(other, 'member');
    const edits = [
      { path: '/api/v1/letterhead', method: 'PUT', bodies: [ours, { ...ours, footer: null }] },
      { path: `/api/v1/members/${memberId}`, method: 'PATCH', bodies: [{ name: 'Ada' }, { name: 'Ida' }] },
    ];
    expect(await other.admin.send('PUT', '/api/v1/letterhead', ours, { 'if-match': '*' })).toMatchObject({ status: 412 });
    for (const { path, method, bodies } of edits) {
      const first = (await other.admin.send(method, path, bodies[0])).headers.get('etag')!;
      expect((await other.admin.get(path)).headers.get('etag')).toBe(first);
      const second = await other.admin.send(method, path, bodies[1], { 'if-match': first });
      expect([second.status, second.headers.get('etag') === first]).toEqual([200, false]);
      expect(await other.admin.send(method, path, bodies[0], { 'if-match': first })).toMatchObject({ status: 412, body: { code: 'REQUEST.CHANGED' } });
      expect((await other.admin.get(path)).body).toEqual(second.body);
    }
  }); // prettier-ignore

  it('is given by an admin alone, and seen by staff', async () => {
    const [staff, member] = [await home.member(tenant, 'staff'), await home.member(tenant, 'member')];
    expect((await put(ours, staff)).status).toBe(403);
    expect((await put(ours, member)).status).toBe(403);
    expect([(await staff.get('/api/v1/letterhead')).status, (await member.get('/api/v1/letterhead')).status]).toEqual([200, 403]);
  }); // prettier-ignore

  it.each([
    ['no picture', Buffer.from('<svg/>').toString('base64'), 'NOT_A_PICTURE'],
    ['too many pixels', png(1_001, 500), 'TOO_MANY_PIXELS'],
    ['too many bytes', Buffer.alloc(256 * 1_024 + 1).toString('base64'), 'TOO_LARGE'],
  ])('a logo of %s is refused, and nothing is kept of it', async (_, logo, reason) => {
    const before = (await tenant.admin.get('/api/v1/letterhead')).body as { version: number };
    expect(await put({ ...ours, footer: 'other', logo })).toMatchObject({
      status: 422,
      body: { code: 'LETTERHEAD.LOGO_REFUSED', reason },
    });
    expect((await tenant.admin.get('/api/v1/letterhead')).body).toEqual(before);
  });

  it.each([
    ['a language that no paper speaks', { locale: 'tlh' }, '/locale'],
    ['a zone that is none', { timeZone: 'Europe/Nowhere' }, undefined],
    ['a name of two lines', { legalName: 'Acme\nInc' }, '/legalName'],
    ['nine lines of address', { address: Array.from({ length: 9 }, () => 'x') }, '/address'],
    ['a member that there is not', { slogan: 'x' }, '/slogan'],
    ['a logo that is no base64', { logo: '<svg>' }, '/logo'],
  ])('with %s is refused', async (_, wrong, pointer) => {
    const { status, body } = await put({ ...ours, ...wrong });
    expect([400, 422]).toContain(status);
    if (pointer)
      expect((body as { errors: { pointer: string }[] }).errors[0]!.pointer).toMatch(new RegExp(`^${pointer}`));
  });

  it('PostgreSQL keeps every version as it was', async () => {
    const run = (sql: string) => home.handle(tenant.deploymentId).run((tx) => querySql(tx, sql));
    for (const sql of [`UPDATE letterhead SET footer = 'x'`, 'DELETE FROM letterhead', `UPDATE letterhead_logo SET width = 1`]) {
      await expect(run(sql)).rejects.toThrow();
    }
  }); // prettier-ignore
});
