import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Metrics, querySql } from '@biplane/service-kit';
import type { LicenseClaims } from '@biplane/licensing';
import { sizeOfRun, type Answer } from '@biplane/testing';
import { addItem, billingScene, licensedFor } from '../../testing/billing-scene.js';
import { RunningHome, type MemberClient, type ServedDeployment } from '../../testing/running-home.js';

const claims = licensedFor();
const withRoomFor = (cap: string): Partial<LicenseClaims> => {
  const { members, ...others } = claims.modules!;
  const limits = members!.limits.map((limit) => ({ ...limit, cap }));
  return { ...claims, modules: { ...others, members: { ...members!, limits } } };
};

let home: RunningHome;
let acme: ServedDeployment;
let globex: ServedDeployment;

beforeAll(async () => {
  home = await RunningHome.start('2026-03-01T10:00:00.000Z');
  [acme, globex] = await Promise.all([home.deployment(claims), home.deployment(claims)]);
});
afterAll(async () => {
  await home?.close();
});

interface Sent {
  readonly key?: string;
  readonly type?: string;
}

async function sendCsv(by: MemberClient, path: string, file: string | Uint8Array, sent: Sent = {}): Promise<Answer> {
  const response = await fetch(`${by.url}/api/v1/${path}`, {
    method: 'POST',
    headers: {
      'x-deployment-id': by.deploymentId,
      authorization: `Bearer ${by.token}`,
      'idempotency-key': sent.key ?? randomUUID(),
      'content-type': sent.type ?? 'text/csv',
    },
    body: file as string,
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as unknown };
}
const report = async (by: MemberClient, path: string, file: string) => {
  const { status, body } = await sendCsv(by, path, file);
  const { added, unchanged } = body as { added: number; unchanged: number };
  return { status, added, unchanged };
};
const code = ({ status, body }: Answer) => [status, (body as { code?: string }).code];
const problemsOf = ({ body }: Answer) =>
  (body as { problems: { line: number; column: string | null; code: string }[] }).problems.map(
    ({ line, column, code: why }) => [line, column, why],
  );
const exported = async (by: MemberClient, path: string) => (await by.expect(200, 'GET', `/api/v1/${path}`)) as string;
const emailsOf = async ({ deploymentId }: ServedDeployment) => {
  const rows = await home.handle(deploymentId).read((reader) => querySql<{ email: string }>(reader, 'SELECT email FROM member'));
  return rows.map(({ email }) => email);
}; // prettier-ignore
const HEADER = 'email,name,role,externalId';
const ITEMS =
  'externalId,memberEmail,productCode,description,price,currency,quantity,intervalMonths,timeZone,startsOn,endsOn,anchor';
const people = (count: number, prefix = randomUUID()) =>
  [
    HEADER,
    ...Array.from({ length: count }, (_, n) => `${prefix}-${n}@acme.example,Kim ${n},member,${prefix}-${n}`),
  ].join('\r\n');

describe('a file of members', () => {
  it('is taken whole or not at all, and each wrong row is told by its line, its column and a code', async () => {
    const [known] = await emailsOf(acme);
    const email = `${randomUUID()}@acme.example`;
    const file = [
      'role,email,externalId,name',
      `member,${email},x1,Good`,
      `boss,${randomUUID()}@acme.example,,`,
      'member,nobody,,"two\r\nlines"',
      `member,${email.toUpperCase()},x1,Again`,
      'member,too@few.example',
      `staff,${known},,Another`,
    ].join('\r\n');
    const answer = await sendCsv(acme.admin, 'members/import', file);
    expect(code(answer)).toEqual([422, 'IMPORT.ROWS_REFUSED']);
    expect(problemsOf(answer)).toEqual([
      [3, 'role', 'IS_IN'],
      [4, 'email', 'IS_EMAIL'],
      [4, 'name', 'MATCHES'],
      [6, 'email', 'DUPLICATE_IN_FILE'],
      [6, 'externalId', 'DUPLICATE_IN_FILE'],
      [7, null, 'CELLS_COUNT'],
      [8, 'name', 'DIFFERS'],
      [8, 'role', 'DIFFERS'],
    ]);
    expect(await emailsOf(acme)).not.toContain(email);
    const rehearsed = await sendCsv(acme.admin, 'members/import?dryRun=true', file);
    expect([code(rehearsed), problemsOf(rehearsed)]).toEqual([code(answer), problemsOf(answer)]);
  }); // prettier-ignore

  it('adds members whom nobody has invited yet, says so in the audit, and an invite follows when one is asked for', async () => {
    const email = `${randomUUID()}@acme.example`;
    const answer = await sendCsv(acme.admin, 'members/import', `\ufeff${HEADER}\n"${email.toUpperCase()}","O""Neil, 株",staff,\n`);
    expect(answer).toMatchObject({ status: 200, body: { dryRun: false, rows: 1, added: 1, unchanged: 0 } });
    const { data } = (await acme.admin.expect(200, 'GET', '/api/v1/members?role=staff&limit=200')) as { data: { id: string; email: string }[] };
    const member = data.find((row) => row.email === email)!;
    expect(member).toMatchObject({ name: 'O"Neil, 株', role: 'staff', state: 'invited', externalId: null });
    const audit = await home.handle(acme.deploymentId).read((reader) =>
      querySql(reader, 'SELECT action, actor FROM member_audit WHERE object = $1', [`member:${member.id}`]));
    const { id } = (await acme.admin.get('/public/me')).body as { id: string };
    expect(audit).toEqual([{ action: 'member.imported', actor: `member:${id}` }]);
    expect((await acme.admin.post(`/api/v1/members/${member.id}/invites`)).status).toBe(201);
  }); // prettier-ignore

  it('a dry run answers as the import would, and writes nothing', async () => {
    const file = people(3);
    const before = await emailsOf(acme);
    expect(await sendCsv(acme.admin, 'members/import?dryRun=true', file)).toMatchObject({
      status: 200,
      body: { dryRun: true, rows: 3, added: 3, unchanged: 0 },
    });
    expect(await emailsOf(acme)).toEqual(before);
    expect(await report(acme.admin, 'members/import', file)).toEqual({ status: 200, added: 3, unchanged: 0 });
    expect(code(await sendCsv(acme.admin, 'members/import?dryRun=yes', file))).toEqual([400, 'REQUEST.INVALID']);
  });

  it('the same file again changes nothing, with the same key, with another, and by several at once', async () => {
    const [file, key] = [people(20), randomUUID()];
    const before = (await emailsOf(acme)).length;
    const all = await Promise.all([1, 2, 3, 4].map(() => sendCsv(acme.admin, 'members/import', file)));
    expect(all.filter(({ body }) => (body as { added?: number }).added === 20)).toHaveLength(1);
    for (const answer of all) expect([200, 409]).toContain(answer.status);
    const again = await sendCsv(acme.admin, 'members/import', file, { key });
    expect(again.body).toMatchObject({ added: 0, unchanged: 20 });
    const replayed = await sendCsv(acme.admin, 'members/import', file, { key });
    expect([replayed.body, replayed.headers.get('idempotency-replayed')]).toEqual([again.body, 'true']);
    expect(code(await sendCsv(acme.admin, 'members/import', people(1), { key }))).toEqual([422, 'IDEMPOTENCY.KEY_REUSED']);
    expect((await emailsOf(acme)).length).toBe(before + 20);
  }); // prettier-ignore

  it('the license has room for the whole file, or nobody of it is added', async () => {
    const small = await home.deployment(withRoomFor('5'));
    // The dry run is refused and is no attempt.
    const attempts = async () => {
      const counted = await home.service.app.get(Metrics, { strict: false }).registry.getSingleMetric('subscription_denials_total')!.get();
      return counted.values.reduce((sum, { labels, value }) => sum + (labels['code'] === 'LIMIT.REACHED' ? value : 0), 0);
    };
    const before = await attempts();
    expect(code(await sendCsv(small.admin, 'members/import?dryRun=true', people(5)))).toEqual([429, 'LIMIT.REACHED']);
    expect(await attempts()).toBe(before);
    expect(code(await sendCsv(small.admin, 'members/import', people(5)))).toEqual([429, 'LIMIT.REACHED']);
    expect(await attempts()).toBe(before + 1);
    expect(await emailsOf(small)).toHaveLength(1);
    expect(await report(small.admin, 'members/import', people(4))).toEqual({ status: 200, added: 4, unchanged: 0 });
    expect(code(await small.admin.post('/api/v1/members', { email: 'one@too.example', role: 'member' }))).toEqual([429, 'LIMIT.REACHED']);
  }); // prettier-ignore

  it('many rows are one file and one transaction, and come out again page by page', async () => {
    const count = sizeOfRun({ soak: 10_000, ci: 1_200 });
    const prefix = randomUUID();
    expect(await report(globex.admin, 'members/import', people(count, prefix))).toEqual({ status: 200, added: count, unchanged: 0 });
    await sendCsv(globex.admin, 'products/import', 'code,name\nlocker,Locker');
    const items = Array.from({ length: count }, (_, n) => `i-${n},${prefix}-${n}@acme.example,locker,Locker ${n},5,CHF,,1,Europe/Zurich,2026-03-01,,`);
    const file = [ITEMS, ...items].join('\n');
    expect(await report(globex.admin, 'items/import', file)).toEqual({ status: 200, added: count, unchanged: 0 });
    expect(await report(globex.admin, 'items/import', file)).toEqual({ status: 200, added: 0, unchanged: count });
    expect((await exported(globex.admin, 'items/export')).trimEnd().split('\r\n')).toHaveLength(count + 1);
    expect((await exported(globex.admin, 'members/export')).trimEnd().split('\r\n')).toHaveLength(count + 2);
    expect(code(await sendCsv(globex.admin, 'members/import', people(10_001)))).toEqual([422, 'IMPORT.TOO_MANY_ROWS']);
  }); // prettier-ignore

  it.each<[string, string | Uint8Array, Sent, number, string]>([
    ['nothing', '', {}, 422, 'IMPORT.HEADER_REFUSED'],
    ['a column that is not known', `${HEADER},password\n`, {}, 422, 'IMPORT.HEADER_REFUSED'],
    ['a column that is missing', 'email,name,role\n', {}, 422, 'IMPORT.HEADER_REFUSED'],
    ['a column twice', `${HEADER},email\n`, {}, 422, 'IMPORT.HEADER_REFUSED'],
    ['semicolons', HEADER.replaceAll(',', ';'), {}, 422, 'IMPORT.HEADER_REFUSED'],
    ['a quote that stays open', `${HEADER}\n"a,b,c,d\n`, {}, 422, 'IMPORT.FILE_UNREADABLE'],
    ['Latin 1', Uint8Array.from([0xe9, 0x0a]), {}, 400, 'REQUEST.MALFORMED'],
    ['JSON', '{"email":"a@b.example"}', { type: 'application/json' }, 415, 'REQUEST.MEDIA_TYPE'],
    ['more than 4 MiB', `${HEADER}\n`.padEnd(4 * 1_048_576 + 1, 'x'), {}, 413, 'REQUEST.TOO_LARGE'],
  ])('%s is a typed refusal', async (_why, file, sent, status, why) => {
    expect(code(await sendCsv(acme.admin, 'members/import', file, sent))).toEqual([status, why]);
  });

  it('no other route reads a file', async () => {
    expect(code(await sendCsv(acme.admin, 'members', HEADER))).toEqual([415, 'REQUEST.MEDIA_TYPE']);
  });
});

describe('files of what members are charged for', () => {
  it('what was exported imports into an empty deployment without a mistake, and changes nothing when it comes again', async () => {
    const { tenant, accounts } = await billingScene(home, 2, claims);
    await addItem(tenant.admin, accounts[0]!, '2026-01-31');
    await sendCsv(tenant.admin, 'products/import', `code,name\nspace,"=cmd|' /C calc'!A0"\n`);
    const named = [HEADER, `a@acme.example,"=1+1, or ""'-'""",member,'@x`, 'b@acme.example,-5,admin,', "c@acme.example,'=2,staff,"];
    await sendCsv(tenant.admin, 'members/import', named.join('\n'));
    const row = 'crm-1,a@acme.example,space,+1 desk,12.5,USD,1.5,12,America/New_York,2026-02-01,2026-08-01,2026-01-31';
    expect(await report(tenant.admin, 'items/import', `${ITEMS}\n${row}\n`)).toEqual({ status: 200, added: 1, unchanged: 0 });

    const files = async (of: ServedDeployment) =>
      Promise.all(['products', 'members', 'items'].map(async (noun) => [noun, await exported(of.admin, `${noun}/export`)] as const));
    const first = await files(tenant);
    expect(Object.fromEntries(first)['members']).toContain(`"'=1+1, or ""'-'""",member,'@x`);
    expect(Object.fromEntries(first)['products']).toContain(`'=cmd|`);
    const empty = await home.deployment(claims);
    for (const [noun, file] of first) {
      const rows = file.trimEnd().split('\r\n').length - 1;
      expect([noun, await report(empty.admin, `${noun}/import`, file)]).toEqual([noun, { status: 200, added: rows, unchanged: 0 }]);
      for (const place of [empty, tenant]) {
        expect([noun, await report(place.admin, `${noun}/import`, file)]).toEqual([noun, { status: 200, added: 0, unchanged: rows }]);
      }
    }
    const lines = (all: typeof first, noun: string) => Object.fromEntries(all)[noun]!.split('\r\n').sort();
    const second = await files(empty);
    for (const noun of ['products', 'items']) expect(lines(second, noun)).toEqual(lines(first, noun));
    const { body } = await empty.admin.get('/api/v1/items');
    const { data } = body as { data: object[] };
    expect(data).toHaveLength(2);
    expect(data).toContainEqual(expect.objectContaining({ anchor: '2026-01-31', startsOn: '2026-02-01', endsOn: '2026-08-01', quantity: '1.5', price: { amount: '12.50', currency: 'USD' } }));
  }); // prettier-ignore

  it('a wrong item is told as an item that is added alone, and none of its file is added', async () => {
    const { tenant, memberIds } = await billingScene(home, 1, claims);
    const { email } = (await tenant.admin.get(`/api/v1/members/${memberIds[0]}`)).body as { email: string };
    const row = (changes: Record<string, string>) =>
      ITEMS.split(',').map((column) => changes[column] ?? {
        externalId: randomUUID().slice(9), memberEmail: email, productCode: 'locker', description: 'Locker', price: '5', currency: 'CHF',
        quantity: '', intervalMonths: '1', timeZone: 'Europe/Zurich', startsOn: '2026-03-01', endsOn: '', anchor: '',
      }[column]).join(',');
    const wrong: Record<string, string>[] = [
      {}, { externalId: '' }, { memberEmail: 'who@acme.example' }, { productCode: 'boat' }, { price: '1e3' }, { price: '-1' },
      { price: '0.001' }, { currency: 'XXQ' }, { quantity: '0' }, { intervalMonths: '121' }, { intervalMonths: '1.0' },
      { timeZone: 'Mars/Olympus' }, { startsOn: '2026-02-30' }, { endsOn: '2026-02-28' }, { anchor: '2026-03-02' },
    ]; // prettier-ignore
    const answer = await sendCsv(tenant.admin, 'items/import', [ITEMS, ...wrong.map(row)].join('\n'));
    expect(problemsOf(answer)).toEqual([
      [3, 'externalId', 'MIN_LENGTH'],
      [4, 'memberEmail', 'MEMBER_UNKNOWN'],
      [5, 'productCode', 'PRODUCT_UNKNOWN'],
      [6, 'price', 'MATCHES'],
      [7, 'price', 'BELOW_ZERO'],
      [8, 'price', 'VALUE.MONEY_SCALE'],
      [9, 'price', 'VALUE.CURRENCY_UNKNOWN'],
      [10, null, 'FINANCIALS.ITEM_INVALID'],
      [11, 'intervalMonths', 'MAX'],
      [12, 'intervalMonths', 'MAX'],
      [13, 'timeZone', 'CALENDAR.TIME_ZONE_UNKNOWN'],
      [14, 'startsOn', 'DAY'],
      [15, null, 'FINANCIALS.ITEM_INVALID'],
      [16, null, 'FINANCIALS.ITEM_INVALID'],
    ]);
    expect((await tenant.admin.get('/api/v1/items')).body).toMatchObject({ data: [] });
    const [file, dearer] = ['5', '6'].map((price) => `${ITEMS}\n${row({ externalId: 'i-1', price })}`);
    expect(await report(tenant.admin, 'items/import', file!)).toMatchObject({ added: 1 });
    expect(problemsOf(await sendCsv(tenant.admin, 'items/import', dearer!))).toEqual([[2, 'price', 'DIFFERS']]);
  }); // prettier-ignore
});

describe('who may', () => {
  it('admins import members, staff imports items, and a key needs the permissions of all that it is told', async () => {
    const [staff, member] = [await home.member(acme, 'staff'), await home.member(acme, 'member')];
    expect(code(await sendCsv(staff, 'members/import', people(1)))).toEqual([403, 'ACCESS.NOT_PERMITTED']);
    expect(await sendCsv(staff, 'products/import', 'code,name\n')).toMatchObject({ status: 200, body: { rows: 0 } });
    const key = (await staff.expect(201, 'POST', '/public/me/api-keys', { name: 'k', scopes: ['financials:read', 'financials:write'] })) as { token: string };
    for (const path of ['items/import', 'products/import', 'members/import']) {
      expect(code(await sendCsv(member, path, ''))).toEqual([403, 'ACCESS.NOT_PERMITTED']);
    }
    for (const path of ['items/export', 'products/export', 'members/export']) expect((await member.get(`/api/v1/${path}`)).status).toBe(403);
    expect(code(await staff.as(key.token).get('/api/v1/items/export'))).toEqual([403, 'ACCESS.NOT_PERMITTED']);
    expect(code(await sendCsv(staff.as(key.token), 'items/import', ''))).toEqual([403, 'ACCESS.NOT_PERMITTED']);
  }); // prettier-ignore

  it('members of another tenant neither write nor read here: their token opens nothing, and their files name nobody', async () => {
    const stranger = Object.assign(globex.admin.as(globex.admin.token!), { deploymentId: acme.deploymentId });
    for (const path of ['members', 'items', 'products']) {
      expect(code(await sendCsv(stranger, `${path}/import`, people(1)))).toEqual([401, 'ACCESS.TOKEN_REFUSED']);
      expect(code(await stranger.get(`/api/v1/${path}/export`))).toEqual([401, 'ACCESS.TOKEN_REFUSED']);
    }
    const theirs = await exported(globex.admin, 'members/export');
    for (const email of await emailsOf(acme)) expect(theirs).not.toContain(email);
  });
});
