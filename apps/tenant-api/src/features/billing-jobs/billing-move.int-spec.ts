import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { LicensePlacement } from '@biplane/licensing';
import { SystemClock } from '@biplane/service-kit';
import { checkInvariants, waitFor } from '@biplane/testing';
import type { BillingReplica } from '../../testing/billing-replica.js';
import { BillingRig } from '../../testing/billing-rig.js';
import { firstOfMonth } from '../../testing/many-items.js';
import type { HomeMoves, MoveListener } from '../moves/index.js';
import { BillingMove } from './billing-move.js';

/** As many as a turn takes. */
const TURN = 500;
const clock = new SystemClock();
const WAIT = { deadlineMs: 60_000 };

let rig: BillingRig;
let replica: BillingReplica;
const listeners: MoveListener[] = [];

beforeAll(async () => {
  rig = await BillingRig.open();
  replica = await rig.replica();
  const moves = { listen: (listener: MoveListener) => void listeners.push(listener) } as HomeMoves;
  new BillingMove(moves, replica.processor, rig.scene.unitOfWork).onModuleInit();
});
afterAll(async () => {
  await checkInvariants(rig.scene.tenantUrl(rig.tenant.deploymentId));
  await rig?.close();
});

const placed = (phase: LicensePlacement['phase']) =>
  rig.license(replica, { placement: { homeId: rig.homeId, epoch: 1, phase, url: 'https://eu-1.example' } });
const runs = () => rig.query('SELECT state, done, skipped, failures FROM billing_run');

it('a deployment that drains waits for the turn that is under way, and no other begins until it is served again', async () => {
  const { deploymentId } = rig.tenant;
  await rig.fill({ members: TURN + 60, startsOn: firstOfMonth(clock.now()) });
  await rig.makeDue('billing', clock.now());
  const letGo = await rig.hold(10, clock.now());
  const look = replica.processor.process({ deploymentId, epoch: 1 });
  await waitFor('the turn to wait', () => rig.isWaiting(), WAIT);
  await placed('draining');
  const atDrain = Promise.all(listeners.map((listener) => listener.drain(deploymentId))).then(() => rig.isWaiting());
  expect(await rig.isWaiting()).toBe(true);
  await letGo();
  expect(await atDrain).toBe(false);
  await look;
  expect(await runs()).toEqual([{ state: 'running', done: TURN, skipped: 0, failures: 0 }]);

  await replica.processor.process({ deploymentId, epoch: 1 });
  expect(await runs()).toEqual([{ state: 'running', done: TURN, skipped: 0, failures: 0 }]);
  await placed('serving');
  await replica.processor.process({ deploymentId, epoch: 1 });
  expect(await runs()).toEqual([{ state: 'succeeded', done: TURN + 60, skipped: 0, failures: 0 }]);
  const [charged] = await rig.query('SELECT count(*)::int AS periods, count(DISTINCT item_id)::int AS items FROM item_period');
  expect(charged).toEqual({ periods: TURN + 60, items: TURN + 60 });
}); // prettier-ignore
