import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { recordTypes, topics, type UsageWindow } from '@biplane/contracts';
import { seedOfRun, shuffleAndRepeat, waitFor } from '@biplane/testing';
import { expectGoldenBill, issueInvoice, monthlyBill } from './support/bill.js';
import { authorCatalog } from './support/catalog.js';
import { withClient } from './support/databases.js';
import { invariantsHold } from './support/invariants.js';
import { awaitTakenIn, captureAll, redeliver, typeOf, type Captured } from './support/kafka.js';
import { endMonth, openMonth, type Month } from './support/month.js';
import { E2eStack, HOME, REGION } from './support/stack.js';
import {
  awaitAllowed,
  awaitEnforcedBy,
  checkGate,
  createReadyTenant,
  licenseOf,
  type CreatedTenant,
} from './support/tenants.js';
import { awaitBillable, dropletEvents, submit } from './support/usage.js';

const STATUSES = 40;
const HOME_USER = `home-${REGION}`;

describe('hostile delivery between the planes', () => {
  const stack = E2eStack.open();
  const { databases } = stack;
  const seed = seedOfRun();
  let month: Month;
  let tenant: CreatedTenant;
  let deploymentId: string;

  beforeAll(async () => {
    await authorCatalog(stack);
    month = await openMonth(stack);
    tenant = await createReadyTenant(stack);
    deploymentId = tenant.deployment.id;
    await endMonth(stack, month);
    await awaitAllowed(stack, deploymentId);
    await submit(stack, dropletEvents(deploymentId, month, 72));
    await awaitBillable(stack, tenant, month);
  });

  const keyOf = ({ message }: Captured) => message.key?.toString() ?? '';
  const hostile = (records: readonly Captured[]) => shuffleAndRepeat([...records, ...records], seed);

  /** All that core-api counted and was told of this tenant and of its home's hours. */
  const counted = async () => ({
    windows: await databases.query(
      databases.core,
      `SELECT deployment_id, meter, window_start, home_id, incarnation, revision::text, quantity::text, closed
       FROM usage_window WHERE deployment_id = $1 ORDER BY 1, 2, 3, 4, 5`,
      [deploymentId],
    ),
    history: await databases.query(
      databases.core,
      'SELECT id FROM tenant_usage_metric WHERE deployment_id = $1 ORDER BY id',
      [deploymentId],
    ),
    closes: await databases.query(
      databases.core,
      'SELECT hour, revision::text, digest, complete FROM home_close WHERE home_id = $1 ORDER BY hour',
      [stack.homeId],
    ),
  });

  it('A3: usage delivered again, twice and shuffled, changes no byte of the bill', async () => {
    const before = { bill: await monthlyBill(stack, tenant.tenant.id, month), counted: await counted() };
    expectGoldenBill(before.bill);
    const from = month.from.toISOString();
    const records = (await captureAll(stack, topics.usage(REGION))).filter(
      (record) => keyOf(record) === deploymentId || (keyOf(record) === stack.homeId && hourOf(record) >= from),
    );
    expect(records.length).toBeGreaterThan(72);
    await redeliver(stack, HOME_USER, hostile(records));
    await awaitTakenIn(stack, topics.usage(REGION));
    expect({ seed, bill: await monthlyBill(stack, tenant.tenant.id, month), counted: await counted() }).toEqual({
      seed,
      ...before,
    });
  });

  it('A3: reports of licenses delivered again, twice and shuffled, change nothing that core-api knows', async () => {
    const known = async () => {
      const { version, status, signed, enforcedBy } = await licenseOf(stack, deploymentId);
      const operation = await stack.core.expect(200, 'GET', `/api/v1/operations/${tenant.operation.id}`);
      const applied = await databases.query(
        databases.core,
        'SELECT license_version::text, license_jti, epoch, database_state, admin_bootstrapped FROM license_applied WHERE deployment_id = $1',
        [deploymentId],
      );
      return { version, status, signed, enforcedBy, operation, applied };
    };
    await awaitEnforcedBy(stack, deploymentId, HOME);
    const before = await known();
    const all = await captureAll(stack, topics.applied(REGION));
    // Of the statuses of earlier suites the newest are enough: each is a transaction of its own.
    const statuses = all.filter((record) => typeOf(record) === recordTypes.InstanceStatus).slice(-STATUSES);
    const records = [...all.filter((record) => keyOf(record) === deploymentId), ...statuses];
    expect(records.length).toBeGreaterThan(1);
    await redeliver(stack, HOME_USER, hostile(records));
    await awaitTakenIn(stack, topics.applied(REGION));
    expect({ seed, ...(await known()) }).toEqual({ seed, ...before });
  });

  it('A4: versions that come out of order never replace a higher one', async () => {
    for (const reason of ['one', 'two', 'three']) {
      await stack.core.expect(200, 'POST', `/api/v1/licenses/${deploymentId}/reissue`, { reason });
    }
    const { version } = await licenseOf(stack, deploymentId);
    await awaitEnforced(version);
    const issued = (await captureAll(stack, topics.issued(REGION))).filter((record) => keyOf(record) === deploymentId);
    expect(issued.length).toBeGreaterThanOrEqual(4);

    await redeliver(stack, 'core', hostile(issued));
    // One more version goes to the same partition: when it is enforced, everything before it was looked at.
    const seen: (number | null)[] = [];
    await stack.core.expect(200, 'POST', `/api/v1/licenses/${deploymentId}/reissue`, { reason: 'last' });
    await waitFor(`version ${version + 1} to be enforced`, async () => {
      const { licenseVersion } = await checkGate(stack, deploymentId);
      seen.push(licenseVersion);
      return licenseVersion === version + 1;
    });
    const lower = seen.filter((licenseVersion) => Number(licenseVersion) < version);
    expect({ seed, lower }).toEqual({ seed, lower: [] });
  });

  const awaitEnforced = (version: number) =>
    waitFor(
      `version ${version} to be enforced`,
      async () => (await checkGate(stack, deploymentId)).licenseVersion === version,
    );

  it('A7: an outbox row that commits after a later one is sent all the same', async () => {
    const copy = `INSERT INTO outbox (topic, key, headers, value, compacted, created_at)
      SELECT topic, key, headers, value, false, $2 FROM outbox
      WHERE key = $1 AND published_at IS NOT NULL ORDER BY id DESC LIMIT 1 RETURNING id::text`;
    const values = () => [deploymentId, stack.clock.now().toISOString()];
    const published = (id: string) =>
      waitFor(`outbox row ${id} to be sent`, async () => {
        const sql = 'SELECT 1 FROM outbox WHERE id = $1 AND published_at IS NOT NULL';
        return (await databases.query(databases.core, sql, [id])).length === 1;
      });
    await withClient(databases.urlOf(databases.core), async (first) => {
      await first.query('BEGIN');
      const lower = (await first.query<{ id: string }>(copy, values())).rows[0]?.id as string;
      const [later] = await databases.query<{ id: string }>(databases.core, copy, values());
      const higher = later?.id as string;
      expect(BigInt(higher)).toBeGreaterThan(BigInt(lower));
      await published(higher);
      await first.query('COMMIT');
      await published(lower);
    });
  });

  it('F1: a window that names a home which does not serve the deployment is kept aside, never counted', async () => {
    const before = await counted();
    const sample = (await captureAll(stack, topics.usage(REGION))).find((record) => keyOf(record) === deploymentId);
    if (sample === undefined) throw new Error('No window of the tenant was captured');
    const window = JSON.parse(String(sample.message.value)) as UsageWindow;
    const forged = { ...window, source: { homeId: randomUUID(), incarnation: 1 }, revision: 99, quantity: '1000000' };
    const message = { ...sample.message, value: Buffer.from(JSON.stringify(forged)) };
    await redeliver(stack, HOME_USER, [{ ...sample, message }]);
    await awaitTakenIn(stack, topics.usage(REGION));
    expect(await counted()).toEqual(before);
    const aside = await databases.query(
      databases.core,
      `SELECT reason FROM usage_quarantine WHERE record->>'homeId' = $1`,
      [forged.source.homeId],
    );
    expect(aside).toEqual([{ reason: 'HOME_DOES_NOT_SERVE' }]);
  });

  it('the invoice after all of it is golden bill 1', async () => {
    expectGoldenBill(await issueInvoice(stack, tenant.tenant.id, month));
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});

/** The hour of a HomeClose; empty for other records. */
function hourOf({ message }: Captured): string {
  return (JSON.parse(String(message.value)) as { hour?: string }).hour ?? '';
}
