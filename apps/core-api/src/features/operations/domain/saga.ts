export type StepState = 'pending' | 'running' | 'succeeded' | 'failed';

export interface Step {
  readonly name: string;
  readonly state: StepState;
  readonly attempts: number;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly reason: string | null;
}

export interface Saga {
  readonly state: 'running' | 'succeeded' | 'failed';
  readonly reason: string | null;
  readonly steps: readonly Step[];
  /** When what is awaited has failed; null when nothing but the outside can bring it on, without limit. */
  readonly deadlineAt: Date | null;
  /** When its kind looks at it again by itself; null when it waits to be told. */
  readonly nextActionAt: Date | null;
  readonly endedAt: Date | null;
}

/** A number is the time of the whole saga from its first wait on; a function gives each step a time of its own, or none. */
export type DeadlineMs = number | ((step: string) => number | null);

/** What is known of a step: that it is done, or why it is not; null when nothing can be said. */
export type Judge = (step: string) => 'done' | { readonly waitsFor: string | null };

/** The first `done` steps happen in the transaction that starts the saga, so they are done when it is first seen. */
export function startSaga(
  start: { readonly steps: readonly string[]; readonly done: number; readonly reason: string | null },
  deadlineMs: DeadlineMs | null,
  now: Date,
): Saga {
  const steps = start.steps.map((name, position): Step => {
    if (position < start.done) {
      return { name, state: 'succeeded', attempts: 1, startedAt: now, endedAt: now, reason: null };
    }
    const step = { name, state: 'pending', attempts: 0, startedAt: null, endedAt: null, reason: null } as const;
    return position > start.done ? step : begun({ ...step, reason: start.reason }, now);
  });
  const first = steps[start.done];
  if (!first) throw new Error('A saga of which everything is done is none');
  const deadlineAt = deadlineMs === null ? null : deadlineOf(null, first.name, deadlineMs, now);
  return { state: 'running', reason: null, steps, deadlineAt, nextActionAt: null, endedAt: null };
}

/** Goes as far as it is judged to be done, never back. A succeeded saga stays what it is; a failed one may still arrive. */
export function advanceSaga(saga: Saga, judge: Judge, deadlineMs: DeadlineMs, now: Date): Saga {
  let advanced = saga;
  for (let present = currentStep(saga); present; present = currentStep(advanced)) {
    const judged = judge(present.name);
    if (judged !== 'done') return waiting(advanced, present, judged.waitsFor, deadlineMs, now);
    advanced = succeedStep(advanced, present.name, deadlineMs, now);
  }
  return advanced;
}

/** Ends the step that the saga stands at and begins the next. Any other step changes nothing: it is over, or not yet due. */
export function succeedStep(saga: Saga, name: string, deadlineMs: DeadlineMs, now: Date, note?: string): Saga {
  const position = saga.steps.findIndex((step) => step.name === name);
  const step = saga.steps[position];
  if (!step || currentStep(saga) !== step) return saga;
  const steps = [...saga.steps];
  steps[position] = {
    ...step,
    state: 'succeeded',
    attempts: Math.max(1, step.attempts),
    startedAt: step.startedAt ?? now,
    endedAt: now,
    reason: note ?? null,
  };
  const next = steps[position + 1];
  if (!next) {
    return { state: 'succeeded', reason: null, steps, deadlineAt: null, nextActionAt: null, endedAt: now };
  }
  steps[position + 1] = begun(next, now);
  const deadlineAt = deadlineOf(saga.deadlineAt, next.name, deadlineMs, now);
  return { state: 'running', reason: null, steps, deadlineAt, nextActionAt: null, endedAt: null };
}

/** Says what the step that runs waits for. One that nobody had heard of yet has a deadline from then on. */
export function noteStep(saga: Saga, name: string, reason: string | null, deadlineMs: DeadlineMs, now: Date): Saga {
  const present = currentStep(saga);
  if (saga.state !== 'running' || present?.name !== name) return saga;
  const isKnown = present.reason === reason && saga.deadlineAt !== null;
  return isKnown ? saga : waiting(saga, present, reason, deadlineMs, now);
}

/** Past its deadline the saga fails with the cause that it waits for; what arrives later still completes it. */
export function expireSaga(saga: Saga, now: Date): Saga {
  if (saga.state !== 'running' || saga.deadlineAt === null || now < saga.deadlineAt) return saga;
  return failSaga(saga, currentStep(saga)?.reason ?? 'the home did not report in time', now);
}

/** The step that runs has failed. */
export function failSaga(saga: Saga, cause: string, now: Date): Saga {
  const present = currentStep(saga);
  if (saga.state !== 'running' || !present) return saga;
  const reason = `${present.name}: ${cause}`;
  const steps = replaced(saga.steps, { ...present, state: 'failed', endedAt: now, reason });
  return { state: 'failed', reason, steps, deadlineAt: null, nextActionAt: null, endedAt: now };
}

/** Starts the failed step once more, with a new deadline. Only a failed saga can be retried. */
export function retrySaga(saga: Saga, deadlineMs: DeadlineMs, now: Date): Saga | null {
  const present = currentStep(saga);
  if (saga.state !== 'failed' || !present) return null;
  const again: Step = {
    ...present,
    state: 'running',
    attempts: present.attempts + 1,
    startedAt: now,
    endedAt: null,
    reason: null,
  };
  return {
    state: 'running',
    reason: null,
    steps: replaced(saga.steps, again),
    deadlineAt: deadlineOf(null, present.name, deadlineMs, now),
    nextActionAt: null,
    endedAt: null,
  };
}

/** The step at which the saga stands, be it running or failed; none when it has succeeded. */
export function currentStep(saga: Pick<Saga, 'steps'>): Step | undefined {
  return saga.steps.find((step) => step.state !== 'succeeded');
}

/** The last step done, or `failed`. */
export function phaseOf(saga: Saga): string {
  if (saga.state === 'failed') return 'failed';
  const done = saga.steps.filter((step) => step.state === 'succeeded').at(-1);
  return done?.name ?? saga.steps[0]!.name;
}

function begun(step: Step, now: Date): Step {
  return { ...step, state: 'running', attempts: Math.max(1, step.attempts), startedAt: now, endedAt: null };
}

function waiting(saga: Saga, present: Step, reason: string | null, deadlineMs: DeadlineMs, now: Date): Saga {
  const step: Step = { ...begun(present, present.startedAt ?? now), reason };
  const deadlineAt = saga.deadlineAt ?? deadlineOf(null, present.name, deadlineMs, now);
  return { ...saga, state: 'running', reason: null, steps: replaced(saga.steps, step), deadlineAt, endedAt: null };
}

function replaced(steps: readonly Step[], step: Step): Step[] {
  return steps.map((other) => (other.name === step.name ? step : other));
}

function deadlineOf(present: Date | null, step: string, deadlineMs: DeadlineMs, now: Date): Date | null {
  if (typeof deadlineMs === 'number') return present ?? new Date(now.getTime() + deadlineMs);
  const ofStep = deadlineMs(step);
  return ofStep === null ? null : new Date(now.getTime() + ofStep);
}
