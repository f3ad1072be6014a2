import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LicenseSigner } from '@biplane/licensing';
import { SignerUnavailableError } from './license-signer.js';

const TIMEOUT_MS = 2_000;
const ATTEMPTS_MAX = 3;
const BACKOFF_MS = 50;
const ANSWER_BYTES_MAX = 4_096;

export interface KmsOptions {
  /** Of the service; `/sign` is added. */
  readonly url: string;
  readonly token: string;
  readonly timeoutMs?: number;
  /** From 0 to 1: spreads the retries of replicas. */
  readonly jitter: () => number;
}

/** A key service in the shape of a KMS: `POST /sign {kid, digest}` → `{signature}`, both base64url, the signature as r and s. It sees a digest, never a license. */
export function kmsSigner(kid: string, options: KmsOptions): LicenseSigner {
  return {
    kid,
    async sign(signingInput) {
      const digest = createHash('sha256').update(signingInput).digest('base64url');
      let problem = '';
      for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
        const answer = await ask(options, { kid, digest });
        if (typeof answer !== 'string') return answer;
        problem = answer;
        // A refusal is not mended by asking again.
        if (/^status 4(?!29)/.test(problem)) break;
        if (attempt < ATTEMPTS_MAX) await sleep(BACKOFF_MS * 2 ** attempt * (0.5 + options.jitter() / 2));
      }
      throw new SignerUnavailableError(`The key service did not sign as ${kid}: ${problem}`);
    },
  };
}

/** The signature, or what went wrong. */
async function ask(options: KmsOptions, body: { kid: string; digest: string }): Promise<Uint8Array | string> {
  try {
    const response = await fetch(new URL('sign', options.url.endsWith('/') ? options.url : `${options.url}/`), {
      method: 'POST',
      headers: { authorization: `Bearer ${options.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
    });
    const text = await response.text();
    if (response.status !== 200) return `status ${response.status}`;
    if (text.length > ANSWER_BYTES_MAX) return 'its answer is too long';
    const { signature } = JSON.parse(text) as { signature?: unknown };
    const bytes = typeof signature === 'string' ? Buffer.from(signature, 'base64url') : Buffer.alloc(0);
    return bytes.length === 64 ? bytes : 'its answer holds no signature';
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError' ? 'no answer in time' : 'it cannot be reached';
  }
}
