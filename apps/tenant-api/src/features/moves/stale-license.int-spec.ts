import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { LicenseClaims, LicensePlacement } from '@biplane/licensing';
import { JobRunner, Metrics, type UnitOfWork } from '@biplane/service-kit';
import { FakeClock, TestIssuer, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { HomeReplica, newFieldKey } from '../../testing/home-rig.js';
import { HomeMoves } from './home-moves.service.js';
import { recordStep } from './moves.store.js';

const homeId = randomUUID();
const ids = { deploymentId: randomUUID(), tenantId: randomUUID(), homeId };
const { deploymentId } = ids;
const clock = new FakeClock('2026-04-10T12:00:00.000Z');
const issuer = new TestIssuer('eu-1', clock.now());
const url = 'https://somewhere.example';
const here: LicensePlacement = { homeId, epoch: 1, phase: 'serving', url };
const next = { homeId: randomUUID(), epoch: 2, url };

let database: TestPostgres;
let unitOfWork: UnitOfWork;
const replicas: HomeReplica[] = [];
/** Versions by which a replica would have dropped what no license names. */
const droppedBy: number[] = [];

beforeAll(async () => {
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
});
afterAll(async () => {
  for (const replica of replicas) await replica.close();
  await unitOfWork?.close();
  await database?.drop();
});

/** A replica of the pool, and its part in moves. */
function start(): { replica: HomeReplica; moves: HomeMoves } {
  const rootKey = issuer.rootPublicKey;
  const options = { clock, unitOfWork, rootKey, provisionerUrl: database.url, homeId, region: 'eu-1' };
  const replica = new HomeReplica({ ...options, fieldKey: newFieldKey() });
  replicas.push(replica);
  const region = { dropUnwanted: async ({ version }: LicenseClaims) => void droppedBy.push(version) };
  const { home, licenses, handles } = replica;
  const moves = new HomeMoves(
    ...([home, licenses, unitOfWork, handles, {} as never, {} as never, region as never, {} as never] as const),
    ...([new JobRunner(clock, new Metrics()), clock] as const),
  );
  moves.onModuleInit();
  return { replica, moves };
}

async function take(
  { replica }: { replica: HomeReplica },
  version: number,
  placement: LicensePlacement,
): Promise<void> {
  const compact = issuer.sign(issuer.claims(ids, { version, placement }), 'k1');
  expect(await replica.keeper.takeRecord(issuer.licenseRecord(deploymentId, compact))).toBeUndefined();
}

const steps = () => database.query('SELECT 1 FROM move_step WHERE deployment_id = $1', [deploymentId]);
const stored = () =>
  database.query('SELECT version::int AS version FROM license WHERE deployment_id = $1', [deploymentId]);

it('by a license older than the home has stored nothing is undone or dropped, and by one only in memory nothing is done', async () => {
  const [stale, present] = [start(), start()];
  for (const each of [stale, present]) {
    await each.replica.keeper.takeRecord(issuer.keyRecord('k1'));
    await take(each, 1, here);
  }
  await take(present, 2, { ...here, next });
  await present.replica.licenses.store();
  await unitOfWork.run((tx) => recordStep(tx, { deploymentId, toEpoch: 2, step: 'standby_ready', at: clock.now() }));
  // It stood still since the first: by that the move was never begun.
  await stale.moves.run();
  expect([await steps(), droppedBy]).toEqual([[expect.anything()], []]);

  await take(stale, 3, here);
  expect(await stored()).toEqual([{ version: 2 }]);
  await stale.moves.run();
  expect([await steps(), await stored()]).toEqual([[], [{ version: 3 }]]);
  await present.moves.run();
  expect(droppedBy).toEqual([]);
  await stale.moves.run();
  expect(droppedBy).toEqual([3]);
});
