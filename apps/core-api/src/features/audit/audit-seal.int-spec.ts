import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { grantRuntimeRole, JobRunner, Metrics, type UnitOfWork } from '@biplane/service-kit';
import { FakeClock, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { restrictRuntimeRole } from '../../privileges.js';
import { Audit, jobActor } from './audit.js';
import { AuditStore } from './audit.store.js';
import { AuditSealer } from './sealer.js';
import { SealStore } from './seal.store.js';
import { AuditVerifier } from './verifier.js';

const role = `runtime_${randomBytes(6).toString('hex')}`;
const clock = new FakeClock('2026-04-10T12:00:00.000Z');
const ENTRIES = 25;
let postgres: TestPostgres;
let unitOfWork: UnitOfWork;
let audit: Audit;
let verifier: AuditVerifier;

const newSealer = () => new AuditSealer(new JobRunner(clock, new Metrics()), unitOfWork, new SealStore(), clock);

beforeAll(async () => {
  Logger.overrideLogger(['error']);
  postgres = await testPostgres('core');
  unitOfWork = await testUnitOfWork('core', postgres.url);
  audit = new Audit(new AuditStore(), clock);
  verifier = new AuditVerifier(unitOfWork, new SealStore());
  await postgres.query(`CREATE ROLE ${role}`);
  await grantRuntimeRole({ url: postgres.url, role });
  await unitOfWork.run((tx) => restrictRuntimeRole(tx, role));
});
afterAll(async () => {
  await unitOfWork?.close();
  await postgres?.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await postgres?.drop();
});

/** What only a superuser can: the triggers are the owner's too. */
const asSuperuser = (sql: string) => postgres.query(`SET session_replication_role = replica; ${sql}`);

const record = (name: string) =>
  unitOfWork.run((tx) =>
    audit.record(tx, {
      actor: jobActor('test'),
      action: 'thing.changed',
      object: { type: 'thing', id: name },
      before: { amount: 1.5, note: 'ü' },
      after: null,
      reason: 'because',
    }),
  );

const verify = (head: string | null = null) => verifier.verify({ after: 0n, limit: 10_000, head });

beforeEach(async () => {
  await asSuperuser('TRUNCATE audit_entry, audit_seal');
  for (let count = 0; count < ENTRIES; count += 1) await record(`thing-${count}`);
  await newSealer().seal();
});

/** The id of the entry that is sealed at a place. */
async function entryAt(seq: number): Promise<string> {
  const [row] = await postgres.query<{ id: string }>('SELECT entry_id::text AS id FROM audit_seal WHERE seq = $1', [
    seq,
  ]);
  return row?.id ?? '';
}

describe('the sealed audit', () => {
  it.each(['audit_entry', 'audit_seal'])(
    'F16: the runtime role can neither change nor remove a row of %s',
    async (table) => {
      const column = table === 'audit_entry' ? 'actor' : 'head';
      for (const sql of [`UPDATE ${table} SET ${column} = 'x'`, `DELETE FROM ${table}`, `TRUNCATE ${table}`]) {
        await expect(postgres.query(`SET ROLE ${role}; ${sql}`)).rejects.toThrow('permission denied');
        await expect(postgres.query(sql)).rejects.toThrow('insert-only');
      }
    },
  );

  it('is intact as it was written, and says through where it is sealed', async () => {
    const found = await verify();
    expect(found).toMatchObject({ problems: [], through: BigInt(ENTRIES), hasMore: false, unsealed: 0 });
    await record('one more');
    expect(await verify(found.sealedThrough?.head ?? '')).toMatchObject({ problems: [], unsealed: 1 });
  });

  it.each([
    [`actor = 'somebody else'`],
    [`at = at + interval '1 millisecond'`],
    [`reason = NULL`],
    [`before = jsonb_set(before, '{amount}', '1.50')`],
    [`after = 'null'`],
    [`tenant_id = gen_random_uuid()`],
    [`request_id = ''`],
  ])('F16: an entry that was edited by a superuser is named (%s)', async (change) => {
    const id = await entryAt(7);
    await asSuperuser(`UPDATE audit_entry SET ${change} WHERE id = ${id}`);
    expect((await verify()).problems).toEqual([{ kind: 'ENTRY_CHANGED', seq: 7n, entryId: id }]);
  });

  it('F16: an entry that was removed is named, with and without its seal', async () => {
    const [seventh, ninth] = [await entryAt(7), await entryAt(9)];
    await asSuperuser(`DELETE FROM audit_entry WHERE id = ${seventh}; DELETE FROM audit_entry WHERE id = ${ninth};
      DELETE FROM audit_seal WHERE seq = 9`);
    expect((await verify()).problems).toEqual([
      { kind: 'ENTRY_MISSING', seq: 7n, entryId: seventh },
      { kind: 'SEAL_MISSING', seq: 10n, entryId: await entryAt(10) },
    ]);
  });

  it('F16: an entry that was slipped into the chain is named', async () => {
    const head = (await verify()).sealedThrough?.head ?? '';
    await asSuperuser(`DELETE FROM audit_seal WHERE seq = ${ENTRIES}; UPDATE audit_seal SET seq = seq + 1 WHERE seq > 1000;
      INSERT INTO audit_entry (id, at, actor, action, object_type, object_id) VALUES (-5, now(), 'x', 'x', 'x', 'x');
      INSERT INTO audit_seal VALUES (${ENTRIES}, -5, repeat('a', 64), repeat('b', 64), now())`);
    const kinds = (await verify(head)).problems.map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['HEAD_MISSING', 'ENTRY_CHANGED', 'CHAIN_BROKEN']));
  });

  it('F16: an end that was cut off is found by a head that was written down, and by nothing else', async () => {
    const head = (await verify()).sealedThrough?.head ?? '';
    await asSuperuser(`DELETE FROM audit_entry WHERE id IN (SELECT entry_id FROM audit_seal WHERE seq > 20);
      DELETE FROM audit_seal WHERE seq > 20`);
    expect((await verify()).problems).toEqual([]);
    expect((await verify(head)).problems).toEqual([{ kind: 'HEAD_MISSING', seq: null, entryId: null }]);
    await asSuperuser('TRUNCATE audit_entry, audit_seal');
    expect(await verify(head)).toMatchObject({ problems: [{ kind: 'HEAD_MISSING' }], sealedThrough: null });
  });

  it('an entry that is committed after later ones were sealed is sealed too, and none is passed over', async () => {
    const sealer = newSealer();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let written: () => void = () => undefined;
    const isWritten = new Promise<void>((resolve) => (written = resolve));
    const slow = unitOfWork.run(async (tx) => {
      await audit.record(tx, { actor: jobActor('slow'), action: 'thing.slow', object: { type: 'thing', id: 'slow' } });
      written();
      await held;
    });
    await isWritten;
    await record('quick');
    await sealer.seal();
    expect((await verify()).through).toBe(BigInt(ENTRIES + 1));
    release();
    await slow;
    await sealer.seal();
    expect(await verify()).toMatchObject({ problems: [], through: BigInt(ENTRIES + 2), unsealed: 0 });
  });

  it('four sealers at once make one chain', async () => {
    for (let count = 0; count < 40; count += 1) await record(`raced-${count}`);
    await Promise.all(Array.from({ length: 4 }, () => newSealer().seal()));
    await newSealer().seal();
    expect(await verify()).toMatchObject({ problems: [], through: BigInt(ENTRIES + 40), unsealed: 0 });
  });

  it('is verified in stretches that join', async () => {
    const first = await verifier.verify({ after: 0n, limit: 10, head: null });
    expect(first).toMatchObject({ problems: [], through: 10n, hasMore: true });
    const id = await entryAt(11);
    await asSuperuser(`UPDATE audit_entry SET actor = 'x' WHERE id = ${id}`);
    const second = await verifier.verify({ after: first.through, limit: 100, head: null });
    expect(second).toMatchObject({ problems: [{ kind: 'ENTRY_CHANGED', seq: 11n }], through: 25n, hasMore: false });
  });
});
