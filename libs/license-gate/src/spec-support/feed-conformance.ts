import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LicenseClaims } from '@biplane/licensing';
import { newPlacement, TestIssuer, type Placement } from '@biplane/testing';
import { createLicenseGate, type LicenseFeed, type LicenseGate } from '../index.js';

/** One thing that a feed brings. */
export type FeedRecord =
  { readonly kid: string; readonly statement: string } | { readonly deploymentId: string; readonly license: string };

export interface FeedSubject {
  /** Reads everything that was published, in this order as far as the source has one. */
  newFeed(): LicenseFeed;
  publish(records: readonly FeedRecord[]): Promise<void>;
}

/** What the cases use of the test kit: the specs bring it, which alone may import it. */
export interface FeedKit {
  seedOfRun(): number;
  seededRandom(seed: number): () => number;
  shuffleAndRepeat<T>(records: readonly T[], seed: number): T[];
  waitFor(what: string, read: () => unknown, deadline?: { deadlineMs: number }): Promise<unknown>;
}

export interface FeedWorld {
  readonly kit: FeedKit;
  readonly subject: FeedSubject;
  readonly issuer: TestIssuer;
  /** A key of this case alone: topics are shared. */
  readonly kid: string;
  readonly region: string;
  readonly clock: { now(): Date };
  /** A started gate over a new feed; stopped when the case ends. */
  start(options?: { cacheFolder?: string }): Promise<LicenseGate>;
  license(placement: Placement, changes?: Partial<LicenseClaims>, kid?: string): FeedRecord;
  key(kid?: string, state?: 'trusted' | 'revoked'): FeedRecord;
  folder(): Promise<string>;
  end(): Promise<void>;
}

export function newWorld(kit: FeedKit, subject: FeedSubject, issuer: TestIssuer, clock: { now(): Date }): FeedWorld {
  const ends: (() => Promise<unknown>)[] = [];
  const kid = `k-${randomUUID()}`;
  return {
    kit,
    subject,
    issuer,
    kid,
    region: issuer.region,
    clock,
    async start({ cacheFolder } = {}) {
      const gate = createLicenseGate({
        rootKey: issuer.root.publicKey,
        feed: subject.newFeed(),
        clock,
        ...(cacheFolder !== undefined && { cacheFolder }),
      });
      ends.push(() => gate.stop());
      await gate.start();
      return gate;
    },
    license(placement, changes = {}, by = kid) {
      return { deploymentId: placement.deploymentId, license: issuer.sign(issuer.claims(placement, changes), by) };
    },
    key: (of = kid, state = 'trusted') => ({ kid: of, statement: issuer.keyStatement(of, state) }),
    async folder() {
      const folder = await mkdtemp(join(tmpdir(), 'biplane-gate-'));
      ends.push(() => rm(folder, { recursive: true, force: true }));
      return folder;
    },
    async end() {
      for (const end of ends.reverse()) await end();
    },
  };
}

export { newPlacement };
