/**
 * What was just seen of a deployment's database. Nothing of it is remembered: a crash may have come after any statement, another
 * replica may have been quicker, and PostgreSQL may have lost what it had not yet made durable.
 */
export interface Observation {
  /** `closed`: created, nobody may connect yet. `foreign`: the name is taken by a database that this home did not create. */
  readonly database: 'absent' | 'closed' | 'open' | 'foreign';
  /** Both login roles exist in their groups, may connect, and nobody else may. */
  readonly roles: 'missing' | 'complete';
  /** Whether the stored passwords let both roles in; unknown while there is no door. */
  readonly access: 'unknown' | 'refused' | 'granted';
  /** `blank`: a clone of this home's template that no deployment has taken. `foreign`: another mark, or none at all. */
  readonly mark: 'unknown' | 'blank' | 'ours' | 'foreign';
  readonly schema: 'unknown' | 'behind' | 'current' | 'ahead' | 'broken';
  readonly admin: 'unknown' | 'missing' | 'present';
}

export type Step = 'create_database' | 'create_roles' | 'mark' | 'migrate' | 'bootstrap';

export type Verdict =
  | { readonly kind: 'step'; readonly step: Step }
  | { readonly kind: 'done' }
  /** No step helps: a person has to look. */
  | { readonly kind: 'stuck'; readonly reason: StuckReason };

export type StuckReason =
  'DATABASE_FOREIGN' | 'DATABASE_MISSING' | 'SCHEMA_AHEAD' | 'MIGRATION_FAILED' | 'ACCESS_REFUSED';

const step = (name: Step): Verdict => ({ kind: 'step', step: name });
const stuck = (reason: StuckReason): Verdict => ({ kind: 'stuck', reason });

export interface History {
  /** It was ready once, so a missing database is lost data: only an operator may put an empty one in its place. */
  readonly wasReady: boolean;
  readonly mayReplaceLost: boolean;
  /** A step that was done and did not help would be done for ever. */
  readonly lastStep: Step | undefined;
}

/** The next step towards a database that is there, closed to strangers, marked, migrated and has its admin. */
export function nextStep(seen: Observation, history: History): Verdict {
  if (seen.database === 'foreign') return stuck('DATABASE_FOREIGN');
  if (seen.database === 'absent') {
    return history.wasReady && !history.mayReplaceLost ? stuck('DATABASE_MISSING') : step('create_database');
  }
  if (seen.database === 'closed' || seen.roles === 'missing') return step('create_roles');
  if (seen.access !== 'granted') {
    return history.lastStep === 'create_roles' ? stuck('ACCESS_REFUSED') : step('create_roles');
  }
  if (seen.mark === 'foreign') return stuck('DATABASE_FOREIGN');
  if (seen.mark !== 'ours') return step('mark');
  if (seen.schema === 'ahead') return stuck('SCHEMA_AHEAD');
  if (seen.schema === 'broken') return stuck('MIGRATION_FAILED');
  if (seen.schema !== 'current') return step('migrate');
  return seen.admin === 'present' ? { kind: 'done' } : step('bootstrap');
}
