import { isDeepStrictEqual } from 'node:util';

/** The demo exits 0 only if every figure is right: this is how it insists. */
export function insist(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`Expected ${what}`);
}

export function insistEqual<T>(actual: T, expected: T, what: string): void {
  insist(
    isDeepStrictEqual(actual, expected),
    `${what} to be ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`,
  );
}

/** Asks until the answer is there, or the deadline passes; then the last answer is part of the message. */
export async function until<T>(
  what: string,
  deadlineMs: number,
  ask: () => Promise<T>,
  good: (answer: T) => boolean,
): Promise<T> {
  const giveUpAt = Date.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (good(answer)) return answer;
    insist(
      Date.now() < giveUpAt,
      `${what} within ${deadlineMs / 1000} s; last seen: ${JSON.stringify(answer)?.slice(0, 600)}`,
    );
    await new Promise((resume) => setTimeout(resume, pollMs));
  }
}

const pollMs = 100;
