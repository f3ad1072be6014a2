import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  createKeyPair,
  exportPublicJwk,
  LicenseBook,
  LicenseTable,
  signLicense,
  type LicenseClaims,
  type TrustedKey,
} from '@biplane/licensing';
import type { Benchmark, Finding } from './benchmark.js';
import { actions, bitsOf, deployments, homeId, idOf, licenseOf, nowMs } from './decision-scene.js';

const goalBytes = 5 * 1024 * 1024;

/** What 10,000 licenses take in memory once each was asked, beside a Set per tenant. */
export const decisionMemory: Benchmark = {
  name: 'decision-memory',
  run(): Promise<readonly Finding[]> {
    const sets = measured(setsPerTenant);
    const table = measured(filledTable);
    const book = measured(filledBook);
    const common = { baseline: 'a Map with a Set and the dates per tenant', rounds: 1 };
    const finding = (name: string, subject: string, bytes: number, goal?: number): Finding => ({
      name,
      subject,
      ...common,
      oracle: 'each license was asked once for what it has and once for what it has not',
      ratio: { median: bytes / sets, min: bytes / sets, max: bytes / sets },
      baselinePerSecond: 0,
      subjectPerSecond: 0,
      ...(goal !== undefined && { goal: goal / sets }),
      bytes: { baseline: sets, subject: bytes, ...(goal !== undefined && { goal }) },
    });
    return Promise.resolve([
      finding('memory of the table', `LicenseTable of ${deployments} licenses, Decisions made`, table, goalBytes),
      finding('memory of the book', `LicenseBook of ${deployments} licenses: claims, marks and the table`, book),
    ]);
  },
};

function setsPerTenant() {
  return new Map(
    indices().map((index) => {
      const { status, startsAt, exp, version } = licenseOf(index);
      const features = new Set<string>(actions.filter((_, which) => (bitsOf(index) & (1 << which)) !== 0));
      return [idOf(index), { status, startsMs: Date.parse(startsAt), expiresMs: exp * 1000, version, features }];
    }),
  );
}

function filledTable(): LicenseTable {
  const table = new LicenseTable(homeId);
  for (const index of indices()) table.put(asRead(licenseOf(index)));
  insistAnswers((deploymentId, action) => table.decide(deploymentId, action, nowMs).isAllowed);
  return table;
}

function filledBook(): LicenseBook {
  const { privateKey, publicKey } = createKeyPair();
  const book = new LicenseBook(homeId);
  const [notBefore, notAfter] = ['2026-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'];
  const key: TrustedKey = {
    kid: 'k',
    jwk: exportPublicJwk(publicKey),
    publicKey,
    notBefore,
    notAfter,
    state: 'trusted',
  };
  book.learnKey(key);
  for (const index of indices()) {
    const compact = signLicense({ ...licenseOf(index), jti: idOf(index) }, { kid: 'k', privateKey });
    const received = book.receive(idOf(index), compact, { now: new Date(nowMs), monotonicMs: 0 });
    if (received.kind !== 'accepted') throw new Error(`decision-memory: a license was ${received.kind}`);
  }
  insistAnswers((deploymentId, action) => book.decide(deploymentId, action, nowMs).isAllowed);
  return book;
}

function insistAnswers(ask: (deploymentId: string, action: string) => boolean): void {
  for (const index of indices()) {
    for (const [which, action] of actions.entries()) {
      const isLicensed = (bitsOf(index) & (1 << which)) !== 0;
      if (ask(idOf(index), action) !== isLicensed) throw new Error('decision-memory: an answer differs from the bits');
    }
  }
}

/** As it comes out of a token: no text in common with another license. */
const asRead = (claims: LicenseClaims): LicenseClaims => JSON.parse(JSON.stringify(claims)) as LicenseClaims;

const indices = (): number[] => Array.from({ length: deployments }, (_, index) => index);

/** Bytes that stay when everything else is collected: heap, and the buffers of typed arrays. Made once before, so that the code is there. */
function measured(make: () => unknown): number {
  make();
  const before = settled();
  const kept = make();
  const after = settled();
  if (kept === undefined) throw new Error('decision-memory: nothing was made');
  return after - before;
}

function settled(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let turn = 0; turn < 4; turn += 1) collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
