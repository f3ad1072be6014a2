import { waitFor } from '@biplane/testing';
import { insistently } from './persist.js';
import type { E2eStack } from './stack.js';

export interface Operation {
  readonly id: string;
  readonly state: string;
  readonly steps: readonly Step[];
}

interface Step {
  readonly name: string;
  readonly state: string;
  readonly reason: string | null;
}

const DEADLINE = { deadlineMs: 120_000, everyMs: 100 };

export const awaitSucceeded = (stack: E2eStack, id: string): Promise<Operation> =>
  awaitOperation(stack, id, 'to succeed', ({ state }) => state === 'succeeded');

/** The step as it was seen done. */
export async function awaitStep(stack: E2eStack, id: string, name: string): Promise<Step> {
  const isDone = (step: Step) => step.name === name && step.state === 'succeeded';
  const { steps } = await awaitOperation(stack, id, `to be past ${name}`, (operation) => operation.steps.some(isDone));
  return steps.find(isDone) as Step;
}

async function awaitOperation(
  stack: E2eStack,
  id: string,
  what: string,
  isSo: (operation: Operation) => boolean,
): Promise<Operation> {
  let last: Operation | undefined;
  return waitFor(
    `the operation ${id} ${what}`,
    async () => {
      last = await insistently<Operation>(stack.core, { method: 'GET', path: `/api/v1/operations/${id}` }, 200);
      return isSo(last) ? last : null;
    },
    DEADLINE,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; last: ${JSON.stringify(last)}`);
  });
}
