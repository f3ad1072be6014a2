import { waitFor, type Answer, type ServiceClient } from '@biplane/testing';

const DEADLINE_MS = 90_000;
const EVERY_MS = 250;
/** What a client may meet while a service is down or still at it, and tries again after. */
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends the same request until it is answered, as a client with a retry does: a refused connection, a cut one and a 503
 * are tried again, any other refusal is the answer.
 */
export async function persistently(client: ServiceClient, request: Request, deadlineMs = DEADLINE_MS): Promise<Answer> {
  let last = 'nothing';
  const answer = await waitFor(
    `${request.method} ${request.path} to be answered`,
    async () => {
      try {
        const came = await client.send(request.method, request.path, request.body, request.headers);
        last = `${came.status} ${JSON.stringify(came.body)?.slice(0, 500)}`;
        return PASSING.has(came.status) || isInFlight(came) ? null : came;
      } catch (error) {
        last = String(error);
        return null;
      }
    },
    { deadlineMs, everyMs: EVERY_MS },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; last: ${last}`);
  });
  return answer;
}

/** The body of an answer that must have one of these statuses. */
export async function insistently<T>(client: ServiceClient, request: Request, ...statuses: number[]): Promise<T> {
  const answer = await persistently(client, request);
  if (statuses.includes(answer.status)) return answer.body as T;
  const came = JSON.stringify(answer.body)?.slice(0, 2_000);
  throw new Error(
    `${request.method} ${request.path}: expected ${statuses.join(' or ')}, got ${answer.status}: ${came}`,
  );
}

function isInFlight({ status, body }: Answer): boolean {
  return status === 409 && (body as { code?: string } | null)?.code === 'IDEMPOTENCY.IN_FLIGHT';
}
