import { readFileSync } from 'node:fs';
import { StartRefusedError } from '@biplane/service-kit';
import { BuildFailedError } from '../tenancy/index.js';
import { isRefusal, tryAgainMs, type TryAgain } from './domain/try-again.js';
import type { EnrollmentAnswer } from './enrollment.dto.js';

export interface EnrollmentPlace {
  readonly homeId: string;
  readonly deploymentId: string;
  readonly enrollmentUrl: string;
  /** Read again at each try: it is replaced while the process waits. */
  readonly tokenFile: string;
}

export interface EnrollmentPatience extends TryAgain {
  /** The pool says no for so long: a license that was just issued may still be on its way. */
  readonly refusedMs: number;
  /** The pool does not answer for so long. */
  readonly awayMs: number;
}

export const PATIENCE: EnrollmentPatience = { firstMs: 500, maxMs: 15_000, refusedMs: 120_000, awayMs: 900_000 };

/** sysexits.h: the configuration is wrong, the home is not wanted. */
export const EXIT_REFUSED = 78;
/** sysexits.h: try again later. */
export const EXIT_AWAY = 75;
const ANSWER_MS = 60_000;
const ANSWER_LENGTH_MAX = 1_048_576;

/** The pool's answer that it will not; `reason` is a code. */
export class EnrollmentRefusedError extends Error {
  override readonly name = 'EnrollmentRefusedError';

  constructor(
    readonly status: number,
    readonly reason: string,
    readonly detail: string,
  ) {
    super(`${reason}: ${detail}`);
  }
}

/** One try. */
export async function enrollOnce(place: EnrollmentPlace): Promise<EnrollmentAnswer> {
  const { homeId, deploymentId, enrollmentUrl, tokenFile } = place;
  const token = readFileSync(tokenFile, 'utf8').trim();
  const response = await fetch(new URL('/internal/homes/enroll', enrollmentUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ homeId, deploymentId }),
    signal: AbortSignal.timeout(ANSWER_MS),
    redirect: 'error',
  });
  const text = await response.text();
  if (text.length > ANSWER_LENGTH_MAX) throw new Error('The answer of the pool is too long');
  if (response.status === 200) return answerOf(text, homeId);
  const problem = problemOf(text);
  throw new EnrollmentRefusedError(response.status, problem.code, problem.detail);
}

/**
 * Until the pool has answered: with growing pauses, and not for ever. A pool that says no is asked again for a while too, since the
 * license that names this home may not have reached it. Whoever gives up says why, and ends with a code of its own.
 */
export async function enroll(
  place: EnrollmentPlace,
  options: { readonly patience?: EnrollmentPatience; readonly say?: (line: string) => void } = {},
): Promise<EnrollmentAnswer> {
  const { patience = PATIENCE, say = (line) => void process.stderr.write(`${line}\n`) } = options;
  const startedMs = performance.now();
  for (let tries = 1; ; tries += 1) {
    try {
      return await enrollOnce(place);
    } catch (error) {
      const refused = error instanceof EnrollmentRefusedError && isRefusal(error.status);
      const waitMs = tryAgainMs(tries, Math.random(), patience);
      const whyNot = refused
        ? `the pool refuses this home (${error.message})`
        : `the pool cannot be used (${textOf(error)})`;
      const untilMs = refused ? patience.refusedMs : patience.awayMs;
      if (performance.now() - startedMs + waitMs > untilMs) {
        throw new StartRefusedError(`Enrollment given up: ${whyNot}`, refused ? EXIT_REFUSED : EXIT_AWAY);
      }
      say(`Enrollment: ${whyNot}; next try in ${waitMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

/** As the builder of tenant databases tells it: the reason goes to core-api. */
export function buildFailureOf(error: unknown): unknown {
  if (!(error instanceof EnrollmentRefusedError) || !isRefusal(error.status)) return error;
  const isDatabases = error.reason === 'ENROLLMENT.DATABASE_REFUSED';
  return new BuildFailedError(isDatabases && /^[A-Z_]{1,64}$/.test(error.detail) ? error.detail : 'ENROLLMENT_REFUSED');
}

function answerOf(text: string, homeId: string): EnrollmentAnswer {
  const answer = JSON.parse(text) as Partial<EnrollmentAnswer>;
  const isWhole =
    answer.homeId === homeId &&
    [answer.homeDatabaseUrl, answer.homeMigrationDatabaseUrl, answer.redis?.url].every((url) =>
      URL.canParse(url ?? ''),
    ) &&
    typeof answer.kafka?.password === 'string' &&
    typeof answer.tokenKey === 'string' &&
    answer.fieldKeys !== undefined &&
    Array.isArray(answer.clients);
  if (!isWhole) throw new Error('The answer of the pool is not an enrollment of this home');
  return answer as EnrollmentAnswer;
}

/** Never the text itself: what stands before the service may answer anything. */
function problemOf(text: string): { code: string; detail: string } {
  try {
    const { code, detail } = JSON.parse(text) as { code?: unknown; detail?: unknown };
    if (typeof code === 'string' && /^[A-Z_.]{1,64}$/.test(code)) {
      return { code, detail: String(detail).slice(0, 200) };
    }
  } catch {
    // No JSON: said below.
  }
  return { code: 'UNREADABLE', detail: 'no problem of the pool' };
}

function textOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { code?: string } };
  return cause?.code ?? message ?? 'no answer';
}
