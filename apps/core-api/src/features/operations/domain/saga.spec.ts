import { describe, expect, it } from '@jest/globals';
import {
  advanceSaga, currentStep, expireSaga, failSaga, noteStep, phaseOf, retrySaga, startSaga, succeedStep, type Saga,
} from './saga.js'; // prettier-ignore

const t0 = new Date('2026-03-31T00:00:00.000Z');
const later = (ms: number): Date => new Date(t0.getTime() + ms);
const MINUTE = 60_000;
const steps = ['recorded', 'database_ready', 'admin_ready', 'ready'];
const start = (deadlineMs: number | null = MINUTE): Saga => startSaga({ steps, done: 1, reason: null }, deadlineMs, t0);
const upTo = (last: string) => (step: string) =>
  steps.indexOf(step) <= steps.indexOf(last) ? 'done' : ({ waitsFor: `${step} is awaited` } as const);

describe('a saga', () => {
  it('has done what the transaction that starts it does, and waits for the rest', () => {
    const saga = start();
    expect([phaseOf(saga), currentStep(saga)?.name, saga.deadlineAt]).toEqual([
      'recorded',
      'database_ready',
      later(MINUTE),
    ]);
  });

  it('becomes ready in one step when everything is shown at once', () => {
    const saga = advanceSaga(start(), upTo('ready'), MINUTE, later(500));
    expect([saga.state, phaseOf(saga), saga.endedAt, saga.deadlineAt]).toEqual([
      'succeeded',
      'ready',
      later(500),
      null,
    ]);
  });

  it('says what it waits for, and never goes back', () => {
    const ready = advanceSaga(start(), upTo('database_ready'), MINUTE, later(1));
    expect([phaseOf(ready), currentStep(ready)?.reason]).toEqual(['database_ready', 'admin_ready is awaited']);
    expect(phaseOf(advanceSaga(ready, upTo('recorded'), MINUTE, later(2)))).toBe('database_ready');
    expect(succeedStep(ready, 'database_ready', MINUTE, later(2))).toBe(ready);
    expect(succeedStep(ready, 'ready', MINUTE, later(2))).toBe(ready);
  });

  it('stays what it is once it succeeded, whatever is reported afterwards', () => {
    const done = advanceSaga(start(), upTo('ready'), MINUTE, later(1));
    expect(advanceSaga(done, upTo('recorded'), MINUTE, later(2))).toBe(done);
    expect(failSaga(done, 'too late', later(2))).toBe(done);
    expect(noteStep(done, 'ready', 'x', MINUTE, later(2))).toBe(done);
  });

  it('fails at its deadline with the cause, and can be retried', () => {
    const noted = noteStep(start(), 'database_ready', 'disk full', MINUTE, later(1));
    expect(expireSaga(noted, later(MINUTE - 1))).toBe(noted);
    const failed = expireSaga(noted, later(MINUTE));
    expect(failed).toMatchObject({ state: 'failed', reason: 'database_ready: disk full', deadlineAt: null });
    expect(noteStep(failed, 'database_ready', 'x', MINUTE, later(MINUTE))).toBe(failed);
    const retried = retrySaga(failed, MINUTE, later(MINUTE + 1))!;
    expect(retried.deadlineAt).toEqual(later(2 * MINUTE + 1));
    expect(currentStep(retried)).toMatchObject({ name: 'database_ready', state: 'running', attempts: 2, reason: null });
    expect(advanceSaga(retried, upTo('ready'), MINUTE, later(MINUTE + 2)).state).toBe('succeeded');
  });

  it('has no deadline while nobody is known who could bring it on, and one from the first word on', () => {
    const saga = start(null);
    expect(expireSaga(saga, later(100 * MINUTE))).toBe(saga);
    expect(noteStep(saga, 'database_ready', 'the image is pulled', MINUTE, later(5)).deadlineAt).toEqual(
      later(5 + MINUTE),
    );
    expect(succeedStep(saga, 'database_ready', MINUTE, later(7)).deadlineAt).toEqual(later(7 + MINUTE));
  });

  it('keeps the deadline of the whole, or gives each step its own', () => {
    expect(succeedStep(start(), 'database_ready', MINUTE, later(9)).deadlineAt).toEqual(later(MINUTE));
    const own = (step: string) => (step === 'admin_ready' ? null : 2 * MINUTE);
    const first = startSaga({ steps, done: 1, reason: null }, own, t0);
    expect(first.deadlineAt).toEqual(later(2 * MINUTE));
    const second = succeedStep(first, 'database_ready', own, later(9));
    expect(second.deadlineAt).toBeNull();
    expect(succeedStep(second, 'admin_ready', own, later(10)).deadlineAt).toEqual(later(10 + 2 * MINUTE));
  });

  it('refuses to retry what has not failed', () => {
    expect(retrySaga(start(), MINUTE, t0)).toBeNull();
  });

  it('completes after a failure too: a late database is a database', () => {
    const failed = expireSaga(start(), later(MINUTE));
    const late = advanceSaga(failed, upTo('database_ready'), MINUTE, later(MINUTE + 1));
    expect(late).toMatchObject({ state: 'running', reason: null, endedAt: null, deadlineAt: later(2 * MINUTE + 1) });
    expect(advanceSaga(failed, upTo('ready'), MINUTE, later(MINUTE + 1)).state).toBe('succeeded');
  });
});
