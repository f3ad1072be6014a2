import { RefusalError } from '@biplane/kernel';

/** Whether anybody still waits for an answer. */
export interface Deadline {
  readonly isOver: () => boolean;
  /** The answer is about to be stored, and waited for a little longer from now on. False: nobody waits any more. */
  readonly keep: () => boolean;
}

/**
 * The answer, or undefined when it does not come in time or not at all. The work is told when nobody waits any more. A
 * refusal is an answer, and thrown.
 */
export async function answerWithin<T>(
  ms: number,
  work: (deadline: Deadline) => Promise<T>,
  onFailure: (error: unknown) => void,
  keepMs = 0,
): Promise<T | undefined> {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  let end: () => void = () => undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    end = () => {
      isOver = true;
      resolve(undefined);
    };
    timer = setTimeout(end, ms);
  });
  const keep = (): boolean => {
    if (isOver) return false;
    clearTimeout(timer);
    timer = setTimeout(end, keepMs);
    return true;
  };
  const answer = work({ isOver: () => isOver, keep }).catch((error: unknown) => {
    if (error instanceof RefusalError) throw error;
    onFailure(error);
    return undefined;
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
