import { RefusalError } from '@biplane/kernel';

/** Whether anybody still waits for an answer. */
export interface Deadline {
  readonly isOver: () => boolean;
}

/**
 * The answer, or undefined when it does not come in time or not at all. The work is told when nobody waits any more. A
 * refusal is an answer, and thrown.
 */
export async function answerWithin<T>(
  ms: number,
  work: (deadline: Deadline) => Promise<T>,
  onFailure: (error: unknown) => void,
): Promise<T | undefined> {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      isOver = true;
      resolve(undefined);
    }, ms);
  });
  const answer = work({ isOver: () => isOver }).catch((error: unknown) => {
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
