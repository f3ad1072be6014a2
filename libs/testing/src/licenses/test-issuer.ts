import { randomUUID, type KeyObject } from 'node:crypto';
import { recordTypes, toCloudEvent, topics } from '@biplane/contracts';
import {
  createKeyPair,
  exportPublicJwk,
  jwkThumbprint,
  signKeyStatement,
  signLicense,
  type KeyPair,
  type KeyState,
  type LicenseClaims,
} from '@biplane/licensing';

const DAY_SECONDS = 24 * 60 * 60;

/** A record as a topic carries it. */
export interface IssuedRecord {
  readonly topic: string;
  readonly key: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer;
}

export interface Placement {
  readonly deploymentId: string;
  readonly tenantId: string;
  readonly homeId: string;
}

/** Stands for core-api in the suites of whoever holds licenses: an offline root, signing keys, and licenses as records of the topics. */
export class TestIssuer {
  readonly root = createKeyPair();
  private readonly keys = new Map<string, KeyPair>();

  constructor(
    readonly region: string,
    /** Everything is issued at this instant unless a claim says otherwise. */
    public issuedAt: Date,
  ) {}

  get rootPublicKey(): KeyObject {
    return this.root.publicKey;
  }

  /** As `root.pub.json` holds it. */
  get rootFile(): { kid: string; publicJwk: object } {
    const publicJwk = exportPublicJwk(this.root.publicKey);
    return { kid: jwkThumbprint(publicJwk), publicJwk };
  }

  keyStatement(kid: string, state: KeyState = 'trusted'): string {
    const jwk = exportPublicJwk(this.keyOf(kid).publicKey);
    const [notBefore, notAfter] = ['2025-01-01T00:00:00.000Z', '2028-01-01T00:00:00.000Z'];
    return signKeyStatement({ kid, jwk, notBefore, notAfter, state }, this.root.privateKey);
  }

  claims({ deploymentId, tenantId, homeId }: Placement, changes: Partial<LicenseClaims> = {}): LicenseClaims {
    const iat = changes.iat ?? Math.floor(this.issuedAt.getTime() / 1000);
    const inDays = (days: number): string => new Date((iat + days * DAY_SECONDS) * 1000).toISOString();
    const limit = { authority: 'data', aggregation: 'sum', strategy: 'hard_block', warnAt: ['0.8', '1'] } as const;
    return {
      iss: 'biplane',
      sub: tenantId,
      aud: `deployment:${deploymentId}`,
      jti: randomUUID(),
      iat,
      exp: iat + 7 * DAY_SECONDS,
      version: 1,
      status: 'active',
      startsAt: inDays(-1),
      noticeAt: inDays(20),
      termEndsAt: inDays(30),
      graceEndsAt: inDays(44),
      calendar: { timeZone: 'Australia/Brisbane' },
      deployment: { id: deploymentId, type: 'shared', region: this.region },
      placement: { homeId, epoch: 1, phase: 'serving', url: 'https://eu-1.example' },
      plan: { code: 'studio', version: 1 },
      featureFlags: {},
      modules: {
        financials: {
          features: ['automated_billing'],
          limits: [{ ...limit, meter: 'api_calls', cap: '10', window: 'month' }],
        },
      },
      meters: { api_calls: { authority: 'data', aggregation: 'sum' } },
      ...changes,
    };
  }

  sign(claims: LicenseClaims, kid: string): string {
    return signLicense(claims, { kid, privateKey: this.keyOf(kid).privateKey });
  }

  privateKey(kid: string): KeyObject {
    return this.keyOf(kid).privateKey;
  }

  publicPem(kid: string): string {
    return this.keyOf(kid).publicKey.export({ type: 'spki', format: 'pem' }).toString();
  }

  keyRecord(kid: string, state: KeyState = 'trusted'): IssuedRecord {
    return this.statementRecord(kid, this.keyStatement(kid, state));
  }

  statementRecord(kid: string, statement: string): IssuedRecord {
    return this.record(topics.keys, kid, 'KeyStatement', { kid, statement });
  }

  licenseRecord(deploymentId: string, compact: string): IssuedRecord {
    const data = { deploymentId, license: compact };
    return this.record(topics.issued(this.region), deploymentId, 'LicenseIssued', data);
  }

  private record(topic: string, key: string, name: 'KeyStatement' | 'LicenseIssued', data: object): IssuedRecord {
    const type = recordTypes[name];
    const event = { type, source: 'core-api', subject: key, time: this.issuedAt, id: randomUUID(), data };
    const { headers, value } = toCloudEvent(event);
    return { topic, key: Buffer.from(key), headers, value: Buffer.from(value) };
  }

  private keyOf(kid: string): KeyPair {
    const known = this.keys.get(kid) ?? createKeyPair();
    this.keys.set(kid, known);
    return known;
  }
}

export const newPlacement = (homeId: string = randomUUID()): Placement => ({
  deploymentId: randomUUID(),
  tenantId: randomUUID(),
  homeId,
});
