import { waitFor } from '@biplane/testing';
import { insistently } from './persist.js';
import type { E2eStack } from './stack.js';

interface Rotation {
  readonly id: string;
  readonly state: string;
  readonly remaining: number;
}

interface HeldLicense {
  readonly deploymentId: string;
  readonly version: number;
  readonly kid: string;
  readonly status: string;
  readonly state: string;
}

interface HeldPage {
  readonly data: readonly HeldLicense[];
  readonly page: { readonly nextCursor: string | null };
}

const DEADLINE = { deadlineMs: 90_000, everyMs: 200 };

/** The ceremony for a further signing key, and its import. */
export async function importKey(stack: E2eStack, kid: string): Promise<string> {
  await stack.core.expect(201, 'POST', '/api/v1/licenses/keys', await stack.control.newSigningKey(kid));
  return kid;
}

export async function signingKid(stack: E2eStack): Promise<string> {
  const { data } = await insistently<{ data: { kid: string; state: string }[] }>(
    stack.core,
    { method: 'GET', path: '/api/v1/licenses/keys' },
    200,
  );
  const signing = data.find(({ state }) => state === 'signing');
  if (signing === undefined) throw new Error('No key signs');
  return signing.kid;
}

/** Every live home holds it: what a revocation of the present key waits for. */
export async function awaitHeldKey(stack: E2eStack, kid: string): Promise<void> {
  await waitFor(
    `every live home to hold ${kid}`,
    async () => {
      const { body } = await stack.core.get('/api/v1/licenses/keys');
      const keys = (body as { data: { kid: string; homesMissing: unknown[] }[] }).data;
      return keys.find((key) => key.kid === kid)?.homesMissing.length === 0;
    },
    DEADLINE,
  );
}

/** Begins a change of the signing key and waits until every license is signed anew. */
export async function changeKey(stack: E2eStack, path: string, body: object): Promise<void> {
  const begun = (await stack.core.expect(202, 'POST', `/api/v1/licenses/keys/${path}`, body)) as Rotation;
  let last: Rotation | undefined;
  await waitFor(
    `the change of the key by ${path}`,
    async () => {
      const asked = { method: 'GET', path: `/api/v1/licenses/keys/rotations/${begun.id}` };
      last = await insistently<Rotation>(stack.core, asked, 200);
      return last.state === 'succeeded' && last.remaining === 0;
    },
    DEADLINE,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; last: ${JSON.stringify(last)}`);
  });
}

/** What one process of the home enforces, every page of it. */
export async function heldLicenses(gate: E2eStack['gate']): Promise<HeldLicense[]> {
  const held: HeldLicense[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const path: string = `/internal/licenses?limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const answer: HeldPage = await insistently(gate, { method: 'GET', path }, 200);
    held.push(...answer.data);
    cursor = answer.page.nextCursor;
  }
  return held;
}
