import { Inject, Injectable, Logger } from '@nestjs/common';
import { orThrow, type Clock } from '@biplane/kernel';
import { importPublicJwk, verifyStoredLicense, type LicenseClaims, type TrustedKey } from '@biplane/licensing';
import { CLOCK, type Tx } from '@biplane/service-kit';
import { LicensesStore, type LicenseHead } from './licenses.store.js';
import { SigningKeysStore } from './signing-keys.store.js';

/** Licenses that are kept parsed: the busiest ones; the others cost one more read. */
const KEPT_MAX = 20_000;

export interface PresentLicense {
  readonly deploymentId: string;
  readonly tenantId: string;
  /** Verified; null when what is stored cannot be verified, and then nothing is granted. */
  readonly claims: LicenseClaims | null;
}

interface Kept extends PresentLicense {
  readonly jti: string;
}

/**
 * The newest signed license of a deployment, verified once and kept parsed. Every question reads the head of its versions
 * first, so that what is kept never outlives what holds.
 */
@Injectable()
export class PresentLicenses {
  private readonly logger = new Logger('PresentLicenses');
  // In the order of their last use.
  private readonly kept = new Map<string, Kept>();
  private keys: ReadonlyMap<string, TrustedKey> = new Map();

  constructor(
    private readonly store: LicensesStore,
    private readonly signingKeys: SigningKeysStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Null when the deployment has none, because there is no such deployment. */
  async of(tx: Tx, deploymentId: string): Promise<PresentLicense | null> {
    const head = await this.store.head(tx, deploymentId);
    if (!head) return null;
    const known = this.kept.get(deploymentId);
    const present = known?.jti === head.jti ? known : await this.load(tx, head);
    this.kept.delete(deploymentId);
    this.kept.set(deploymentId, present);
    for (const [oldest] of this.kept) {
      if (this.kept.size <= KEPT_MAX) break;
      this.kept.delete(oldest);
    }
    return present;
  }

  private async load(tx: Tx, head: LicenseHead): Promise<Kept> {
    const { deploymentId, tenantId, jti } = head;
    const row = await this.store.version(tx, deploymentId, head.version);
    if (!row) throw new Error(`License ${head.version} of ${deploymentId} is not stored`);
    if (!this.keys.has(row.kid)) this.keys = await this.loadKeys(tx);
    const context = { trustedKeys: this.keys, expectedDeploymentId: deploymentId, now: this.clock.now() };
    const verified = verifyStoredLicense(row.signed, context);
    if (verified.ok) return { deploymentId, tenantId, jti, claims: verified.value.claims };
    this.logger.error({ deploymentId, failure: verified.error }, 'the present license cannot be verified');
    return { deploymentId, tenantId, jti, claims: null };
  }

  private async loadKeys(tx: Tx): Promise<ReadonlyMap<string, TrustedKey>> {
    const keys = new Map<string, TrustedKey>();
    for (const { kid, publicJwk, notBefore, notAfter } of await this.signingKeys.all(tx)) {
      const publicKey = orThrow(importPublicJwk(publicJwk));
      const dates = { notBefore: notBefore.toISOString(), notAfter: notAfter.toISOString() };
      keys.set(kid, { kid, jwk: publicJwk, ...dates, state: 'trusted', publicKey });
    }
    return keys;
  }
}
