import { verify } from 'node:crypto';
import {
  createKeyPair,
  exportPublicJwk,
  signLicense,
  verifyLicense,
  type TrustedKey,
  type VerificationContext,
} from '@biplane/licensing';
import type { Benchmark, Finding } from './benchmark.js';
import { idOf, licenseOf, nowMs } from './decision-scene.js';
import { compareFastest, timedByProcessor } from './rounds.js';

const tokens = 200;
const rounds = 40;
const kid = 'bench';

/** The whole verification of a license that was never seen, beside the bare check of its signature. */
export const licenseVerify: Benchmark = {
  name: 'license-verify',
  async run(): Promise<readonly Finding[]> {
    const { privateKey, publicKey } = createKeyPair();
    const [notBefore, notAfter] = ['2026-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'];
    const key: TrustedKey = { kid, jwk: exportPublicJwk(publicKey), publicKey, notBefore, notAfter, state: 'trusted' };
    const trustedKeys = new Map([[kid, key]]);
    const signed = Array.from({ length: tokens }, (_, index) => ({
      compact: signLicense(licenseOf(index), { kid, privateKey }),
      context: { trustedKeys, expectedDeploymentId: idOf(index), now: new Date(nowMs) } satisfies VerificationContext,
    }));
    const parts = signed.map(({ compact }) => {
      const dot = compact.lastIndexOf('.');
      return { input: Buffer.from(compact.slice(0, dot)), signature: Buffer.from(compact.slice(dot + 1), 'base64url') };
    });
    insistRefused(signed);
    const comparison = await compareFastest(
      rounds,
      () =>
        timedByProcessor(tokens, () => {
          for (const { input, signature } of parts) {
            const isGood = verify('sha256', input, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
            if (!isGood) throw new Error('license-verify: a signature does not verify');
          }
        }),
      () =>
        timedByProcessor(tokens, () => {
          for (const { compact, context } of signed) {
            if (!verifyLicense(compact, context).ok) throw new Error('license-verify: a good license is refused');
          }
        }),
    );
    return [
      {
        name: 'first verification of a license',
        baseline: 'crypto.verify of the same bytes, ES256, with a KeyObject',
        subject: 'verifyLicense: every step, the schema included',
        oracle: `${tokens} licenses accepted, and each refused with one character changed`,
        goal: 1.4,
        ...comparison,
      },
    ];
  },
};

function insistRefused(signed: readonly { compact: string; context: VerificationContext }[]): void {
  for (const { compact, context } of signed) {
    const at = compact.indexOf('.') + 20;
    const changed = `${compact.slice(0, at)}${compact[at] === 'A' ? 'B' : 'A'}${compact.slice(at + 1)}`;
    if (verifyLicense(changed, context).ok) throw new Error('license-verify: a changed license is accepted');
  }
}
