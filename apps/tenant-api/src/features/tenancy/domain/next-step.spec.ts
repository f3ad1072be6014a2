import { describe, expect, it } from '@jest/globals';
import { nextStep, type History, type Observation, type Step } from './next-step.js';

const whole: Observation = {
  database: 'open',
  roles: 'complete',
  access: 'granted',
  mark: 'ours',
  schema: 'current',
  admin: 'present',
};
const fresh: History = { wasReady: false, mayReplaceLost: false, lastStep: undefined };
const absent: Observation = {
  database: 'absent',
  roles: 'missing',
  access: 'unknown',
  mark: 'unknown',
  schema: 'unknown',
  admin: 'unknown',
};

/** What each step does to the world when it works. */
const effects: Record<Step, (seen: Observation) => Observation> = {
  create_database: (seen) => ({ ...seen, database: 'closed' }),
  create_roles: (seen) => ({ ...seen, database: 'open', roles: 'complete', access: 'granted', mark: 'blank' }),
  mark: (seen) => ({ ...seen, mark: 'ours', schema: 'current', admin: 'missing' }),
  migrate: (seen) => ({ ...seen, schema: 'current' }),
  bootstrap: (seen) => ({ ...seen, admin: 'present' }),
};

function stepsFrom(start: Observation): Step[] {
  const taken: Step[] = [];
  let seen = start;
  for (let round = 0; round < 10; round += 1) {
    const verdict = nextStep(seen, { ...fresh, lastStep: taken.at(-1) });
    if (verdict.kind !== 'step') return taken;
    taken.push(verdict.step);
    seen = effects[verdict.step](seen);
  }
  throw new Error('the steps have no end');
}

describe('nextStep', () => {
  it('leads from nothing to a whole database', () => {
    expect(stepsFrom(absent)).toEqual(['create_database', 'create_roles', 'mark', 'bootstrap']);
  });

  it('E3: goes on from whatever a crash left, and does nothing that is done', () => {
    expect(stepsFrom({ ...absent, database: 'closed' })).toEqual(['create_roles', 'mark', 'bootstrap']);
    expect(stepsFrom({ ...whole, roles: 'missing', access: 'unknown', mark: 'unknown' })[0]).toBe('create_roles');
    expect(stepsFrom({ ...whole, access: 'refused' })[0]).toBe('create_roles');
    expect(stepsFrom({ ...whole, mark: 'blank' })).toEqual(['mark', 'bootstrap']);
    expect(stepsFrom({ ...whole, schema: 'behind' })).toEqual(['migrate']);
    expect(stepsFrom({ ...whole, admin: 'missing' })).toEqual(['bootstrap']);
    expect(stepsFrom(whole)).toEqual([]);
  });

  it.each<[string, string, Observation]>([
    ['DATABASE_FOREIGN', 'a stranger made it', { ...whole, database: 'foreign' }],
    ['DATABASE_FOREIGN', 'it bears the mark of another deployment, or none', { ...whole, mark: 'foreign' }],
    ['SCHEMA_AHEAD', 'a newer program has migrated it', { ...whole, schema: 'ahead' }],
    ['MIGRATION_FAILED', 'a migration began and never finished', { ...whole, schema: 'broken' }],
  ])('stops with %s and never adopts when %s', (reason, _why, seen) => {
    expect(nextStep(seen, fresh)).toEqual({ kind: 'stuck', reason });
  });

  it('never puts an empty database in the place of a lost one unless an operator asks for it', () => {
    const lost = { ...fresh, wasReady: true };
    expect(nextStep(absent, lost)).toEqual({ kind: 'stuck', reason: 'DATABASE_MISSING' });
    expect(nextStep(absent, { ...lost, mayReplaceLost: true })).toEqual({ kind: 'step', step: 'create_database' });
  });

  it('does not set passwords for ever when they do not help', () => {
    const seen = { ...whole, access: 'refused' as const };
    expect(nextStep(seen, { ...fresh, lastStep: 'create_roles' })).toEqual({ kind: 'stuck', reason: 'ACCESS_REFUSED' });
  });
});
