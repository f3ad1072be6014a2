import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { hourOf, windowOf } from '@biplane/billing-calendar';
import { orThrow, parseDeploymentId, parseHomeId, parseMeterCode } from '@biplane/kernel';
import { UnitOfWork } from '@biplane/service-kit';
import { ServiceClient, type TestPostgres } from '@biplane/testing';
import { coreSuite, type CoreSuite } from '../../testing/core-suite.js';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { tenantBody } from '../../testing/scenario.js';
import { UsageStore } from './usage.store.js';

const zone = 'Asia/Kathmandu';
let suite: CoreSuite;
let postgres: TestPostgres;
let core: RunningCore;
let admin: ServiceClient;
let tenantId: string;
let otherId: string;
let ids: string[];

beforeAll(async () => {
  const clients = { submitter: ['usage:submit'], reader: ['platform:read'] };
  suite = await coreSuite({ startAt: '2026-04-20T00:00:00.000Z', clients });
  ({ postgres, core, admin } = suite);
  const create = async (slug: string) => {
    const body = tenantBody(slug, 'eu-1');
    const wanted = { ...body, billing: { ...body.billing, timeZone: zone } };
    return (await admin.expect(202, 'POST', '/api/v1/tenants', wanted, { 'idempotency-key': slug })) as {
      tenant: { id: string };
      deployment: { id: string };
    };
  };
  const [own, other] = [await create('own'), await create('other')];
  [tenantId, otherId] = [own.tenant.id, other.tenant.id];
  // A second deployment of the same tenant, in another region.
  const second = randomUUID();
  await postgres.query(
    `INSERT INTO deployment SELECT $2, tenant_id, 'second', display_name, 'us-1', type, reasons, requirements, state, phase, created_at, first_ready_at
       FROM deployment WHERE id = $1`,
    [own.deployment.id, second],
  );
  ids = [own.deployment.id, second];
  await use(0, 'droplet_hours', '2026-03-31T18:15:00Z', '1.5');
  await use(0, 'droplet_hours', '2026-04-10T17:00:00Z', '2');
  await use(0, 'droplet_hours', '2026-04-10T19:00:00Z', '0.000000000001');
  await use(1, 'droplet_hours', '2026-04-10T19:00:00Z', '100');
  await use(0, 'storage_gb', '2026-04-10T17:00:00Z', '9');
  await use(0, 'storage_gb', '2026-04-10T19:00:00Z', '4');
  // Of the home that it came from: nobody says which was read last, so the greater one counts.
  await use(0, 'storage_gb', '2026-04-10T19:00:00Z', '3', randomUUID());
  await use(1, 'storage_gb', '2026-04-01T19:00:00Z', '5');
});
afterAll(() => suite?.close());

const aHome = randomUUID();
/** A window as a home reported it. */
async function use(which: number, meter: string, at: string, quantity: string, homeId = aHome): Promise<void> {
  const { from, to } = windowOf(new Date(at), zone);
  const total = {
    tenantId,
    deploymentId: orThrow(parseDeploymentId(ids[which])),
    meter: orThrow(parseMeterCode(meter)),
    aggregation: meter === 'storage_gb' ? 'last' : 'sum',
    windowStart: from,
    windowEnd: to,
    hour: hourOf(from).from,
    homeId: orThrow(parseHomeId(homeId)),
    incarnation: 1,
    revision: 1,
    quantity,
    closed: false,
    licenseVersion: 1,
  } as const;
  await core.app
    .get(UnitOfWork)
    .run((tx) => core.app.get(UsageStore).raise(tx, [total], [randomUUID()], new Date('2026-04-19T00:00:00Z')));
}

interface Row {
  readonly meter: string;
  readonly quantity: string;
  readonly region: string | null;
  readonly day: string | null;
  readonly from: string;
  readonly to: string;
}
const read = async (query: string, client = admin) => {
  const answer = await client.expect(200, 'GET', `/api/v1/subscription/usage/${tenantId}?${query}`);
  return answer as { data: Row[]; page: { nextCursor: string | null; hasMore: boolean } };
};
const figures = async (query: string, name: (row: Row) => string | null = ({ meter }) => meter) =>
  (await read(query)).data.map((row) => [name(row), row.quantity]);

describe('what a tenant used', () => {
  it('is told by meter: sums add, a gauge is that of its latest window in each deployment, to the last digit', async () => {
    expect(await figures('period=2026-04')).toEqual([
      ['droplet_hours', '103.500000000001'],
      ['storage_gb', '9'],
    ]);
  });

  it('is told of the month that runs when none is named, and month by month in the zone of the tenant', async () => {
    expect(await figures('')).toEqual(await figures('period=2026-04'));
    expect(await figures('period=2026-03')).toEqual([]);
    const { data } = await read('period=2026-04&meter=storage_gb');
    expect(data[0]).toMatchObject({ from: '2026-03-31T18:15:00.000Z', to: '2026-04-30T18:15:00.000Z' });
  });

  it('is told by region, by hour, and by the day in which an hour begins where the tenant is', async () => {
    expect(await figures('meter=droplet_hours&groupBy=region', ({ region }) => region)).toEqual([
      ['eu-1', '3.500000000001'],
      ['us-1', '100'],
    ]);
    expect(await figures('meter=droplet_hours&groupBy=hour', ({ from }) => from)).toEqual([
      ['2026-03-31T18:15:00.000Z', '1.5'],
      ['2026-04-10T17:00:00.000Z', '2'],
      ['2026-04-10T19:00:00.000Z', '100.000000000001'],
    ]);
    expect(await figures('meter=droplet_hours&groupBy=day', ({ day }) => day)).toEqual([
      ['2026-04-01', '1.5'],
      ['2026-04-10', '2'],
      ['2026-04-11', '100.000000000001'],
    ]);
    const { data } = await read('meter=droplet_hours&groupBy=day');
    expect(data[1]).toMatchObject({ from: '2026-04-09T18:15:00.000Z', to: '2026-04-10T18:15:00.000Z' });
  });

  it('is told of a stretch, a region or a deployment alone', async () => {
    expect(await figures('meter=droplet_hours&from=2026-04-10T17:00:00Z&to=2026-04-10T18:00:00Z')).toEqual([
      ['droplet_hours', '2'],
    ]);
    expect(await figures('region=us-1')).toEqual([
      ['droplet_hours', '100'],
      ['storage_gb', '5'],
    ]);
    expect(await figures(`deploymentId=${ids[1]}&meter=storage_gb`)).toEqual([['storage_gb', '5']]);
    expect(await figures(`deploymentId=${randomUUID()}`)).toEqual([]);
  });

  it('comes page by page, each row once', async () => {
    const whole = (await read('groupBy=hour')).data;
    const paged: Row[] = [];
    for (let cursor: string | null = null, more = true; more;) {
      const part = await read(`groupBy=hour&limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      paged.push(...part.data);
      [cursor, more] = [part.page.nextCursor, part.page.hasMore];
    }
    expect([paged, whole.length]).toEqual([whole, 6]);
  });

  it.each([
    'colour=red',
    'groupBy=week',
    'period=2026-13',
    'period=2026-04&from=2026-04-01T00:00:00Z&to=2026-04-02T00:00:00Z',
    'from=2026-04-01T00:00:00Z',
    'from=2026-04-02T00:00:00Z&to=2026-04-01T00:00:00Z',
    'from=2020-04-02T00:00:00Z&to=2026-04-01T00:00:00Z',
    'from=0000-01-01T00:00:00Z&to=0000-01-02T00:00:00Z',
    'from=2026-02-30T00:00:00Z&to=2026-03-02T00:00:00Z',
    'meter=%27',
    'cursor=nonsense',
  ])('refuses ?%s', async (query) => {
    expect(await admin.get(`/api/v1/subscription/usage/${tenantId}?${query}`)).toMatchObject({ status: 400 });
  });

  it('is told to the tenant itself and to readers of the platform; of others there is nothing', async () => {
    const reader = new ServiceClient(core.url, { clientId: 'reader', clientSecret: 'reader' });
    expect((await read('', reader)).data).toHaveLength(2);
    const submitter = new ServiceClient(core.url, { clientId: 'submitter', clientSecret: 'submitter' });
    expect(await submitter.get(`/api/v1/subscription/usage/${tenantId}`)).toMatchObject({ status: 403 });
    expect(await admin.get(`/api/v1/subscription/usage/${randomUUID()}`)).toMatchObject({ status: 404 });
    const own = await runCoreFor(tenantId);
    try {
      const itself = new ServiceClient(own.url, { clientId: 'tenant', clientSecret: 'tenant' });
      const answers = [
        await itself.get(`/api/v1/subscription/usage/${tenantId}`),
        await itself.get(`/api/v1/subscription/usage/${otherId}`),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 404]);
    } finally {
      await own.close();
    }
  });
});

/** The same service with a client of this tenant, whose id is known only now. */
function runCoreFor(id: string): Promise<RunningCore> {
  return runCore({
    databaseUrl: postgres.url,
    regions: ['eu-1'],
    startAt: '2026-04-20T00:00:00.000Z',
    fieldKey: core.fieldKey,
    clients: { tenant: [`tenant:${id}`] },
  });
}
