import { describe, expect, it } from '@jest/globals';
import { advanceSaga, DEADLINE_MS, expireSaga, phaseOf, retrySaga, startSaga, type Evidence } from './saga.js';

const t0 = new Date('2026-03-31T00:00:00.000Z');
const later = (ms: number): Date => new Date(t0.getTime() + ms);
const nothing: Evidence = { databaseState: 'creating', reason: null, adminBootstrapped: false };
const everything: Evidence = { databaseState: 'ready', reason: null, adminBootstrapped: true };

describe('the provisioning saga', () => {
  it('waits for the database of a shared deployment, with a deadline', () => {
    const saga = startSaga('shared', t0);
    expect(phaseOf(saga)).toBe('license_issued');
    expect(saga.deadlineAt).toEqual(later(DEADLINE_MS));
  });

  it('waits at cluster_applied with the reason NO_CLUSTER and no deadline for a dedicated one', () => {
    const saga = startSaga('container_per_tenant', t0);
    expect(saga.steps.find((step) => step.state === 'running')).toMatchObject({
      name: 'cluster_applied',
      reason: 'NO_CLUSTER',
    });
    expect(expireSaga(saga, later(10 * DEADLINE_MS))).toBe(saga);
  });

  it('becomes ready in one step when the home reports everything at once', () => {
    const saga = advanceSaga(startSaga('shared', t0), everything, later(500));
    expect([saga.state, phaseOf(saga)]).toEqual(['succeeded', 'ready']);
  });

  it('says what it waits for, and never goes back', () => {
    const ready = advanceSaga(startSaga('shared', t0), { ...everything, adminBootstrapped: false }, later(1));
    expect(phaseOf(ready)).toBe('database_ready');
    const again = advanceSaga(ready, nothing, later(2));
    expect(phaseOf(again)).toBe('database_ready');
  });

  it('stays what it is once it succeeded, whatever is reported afterwards', () => {
    const done = advanceSaga(startSaga('shared', t0), everything, later(1));
    expect(advanceSaga(done, { databaseState: 'failed', reason: 'x', adminBootstrapped: false }, later(2))).toBe(done);
  });

  it('fails at its deadline with the cause, and can be retried', () => {
    const waiting = advanceSaga(
      startSaga('shared', t0),
      { databaseState: 'failed', reason: 'disk full', adminBootstrapped: false },
      later(1),
    );
    expect(expireSaga(waiting, later(DEADLINE_MS - 1))).toBe(waiting);
    const failed = expireSaga(waiting, later(DEADLINE_MS));
    expect(failed).toMatchObject({ state: 'failed', reason: 'database_ready: disk full' });
    const retried = retrySaga(failed, later(DEADLINE_MS + 1))!;
    expect(retried.steps.find((step) => step.state === 'running')).toMatchObject({
      name: 'database_ready',
      attempts: 2,
    });
    expect(advanceSaga(retried, everything, later(DEADLINE_MS + 2)).state).toBe('succeeded');
  });

  it('refuses to retry what has not failed', () => {
    expect(retrySaga(startSaga('shared', t0), t0)).toBeNull();
  });

  it('completes after a failure too: a late database is a database', () => {
    const failed = expireSaga(startSaga('shared', t0), later(DEADLINE_MS));
    expect(advanceSaga(failed, everything, later(DEADLINE_MS + 1)).state).toBe('succeeded');
  });
});
