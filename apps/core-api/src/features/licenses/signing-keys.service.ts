import { createPublicKey } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { topics } from '@biplane/contracts';
import { canonicalJson, RefusalError, type Clock } from '@biplane/kernel';
import {
  CLOCK_SKEW_MS_MAX,
  exportPublicJwk,
  importPrivateJwk,
  importPublicJwk,
  type LicenseSigner,
  type PublicJwk,
} from '@biplane/licensing';
import { eventRecord, Outbox } from '@biplane/messaging';
import { CLOCK, FieldCipher, IDS, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { readStatement } from './domain/key-import.js';
import type { KeyBody } from './licenses.dto.js';
import { LicenseIssueErrors } from './licenses.errors.js';
import type { JwksDto } from './licenses.responses.js';
import { KeyRotationsStore } from './key-rotations.store.js';
import { Signers } from './signers/signers.js';
import { SigningKeysStore, type SigningKeyRow } from './signing-keys.store.js';

/** The only holder of private license keys, or of the way to those who hold them. */
@Injectable()
export class SigningKeys {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: SigningKeysStore,
    private readonly rotations: KeyRotationsStore,
    private readonly signers: Signers,
    private readonly cipher: FieldCipher,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** The key that signs now, until the end of the transaction; 422 when there is none. */
  async signing(tx: Tx): Promise<LicenseSigner> {
    await this.store.lockShared(tx);
    const row = await this.store.signing(tx);
    if (!row) throw new RefusalError(LicenseIssueErrors.NO_SIGNING_KEY({ detail: 'No key signs' }));
    return this.signers.of(row);
  }

  /** Imports what the ceremony made, publishes that the root trusts it; the first one signs from now on. */
  async import(body: KeyBody, actor: Actor): Promise<SigningKeyRow> {
    const publicJwk = publicJwkOf(body);
    const trusted = statementOf(body.kid, publicJwk, 'trusted', body.trusted);
    if (body.revoked !== undefined) revocationOf({ ...body, publicJwk }, body.revoked);
    if (trusted.notAfter <= this.clock.now()) throw invalid(`The key ended at ${trusted.notAfter.toISOString()}`);
    const { kid } = body;
    const signer = body.signer ?? 'database';
    const place = { table: 'signing_key', column: 'private_key_encrypted', id: kid };
    const privateKeyEncrypted =
      signer === 'database' ? this.cipher.encrypt(place, JSON.stringify(body.privateJwk)) : null;
    const known = await this.store.find(this.unitOfWork.reader, kid);
    if (known) throw taken(kid);
    // Whoever holds the key shows that it does before anything depends on it.
    const holder = await this.signers.fresh({ kid, publicJwk, signer, privateKeyEncrypted });
    await holder.sign(Buffer.from(`biplane:${kid}`));
    return this.unitOfWork.run(async (tx) => {
      const now = this.clock.now();
      await this.store.lockAll(tx);
      const isFirst = (await this.store.signing(tx)) === null;
      if (isFirst && now.getTime() + CLOCK_SKEW_MS_MAX < trusted.notBefore.getTime()) {
        throw invalid(`No key signs yet, and this one begins only at ${trusted.notBefore.toISOString()}`);
      }
      const row: SigningKeyRow = {
        kid,
        publicJwk,
        privateKeyEncrypted,
        signer,
        trustedStatement: body.trusted,
        revokedStatement: body.revoked ?? null,
        notBefore: trusted.notBefore,
        notAfter: trusted.notAfter,
        importedAt: now,
        signingFrom: isFirst ? now : null,
        signingTo: null,
        retiredAt: null,
        revokedAt: null,
      };
      if (!(await this.store.insert(tx, row))) throw taken(kid);
      await this.publish(tx, row, now);
      if (isFirst) await this.replaceRevoked(tx, kid, actor, now);
      await this.audit.record(tx, {
        actor,
        action: 'signing_key.imported',
        object: { type: 'signing_key', id: kid },
        after: { kid, publicJwk, signer, notBefore: row.notBefore, notAfter: row.notAfter, signs: isFirst },
      });
      return row;
    });
  }

  /** After the only key was revoked, its successor signs all that is still signed by it. */
  private async replaceRevoked(tx: Tx, kid: string, actor: Actor, now: Date): Promise<void> {
    const revoked = (await this.store.all(tx)).filter((key) => key.revokedAt !== null).at(-1);
    if (!revoked) return;
    await this.rotations.insert(tx, {
      id: this.ids.uuid(),
      kind: 'revoke',
      fromKid: revoked.kid,
      toKid: kid,
      state: 'reissuing',
      reason: 'imported after the only key was revoked',
      actor: actor.id,
      requestedAt: now,
      deadlineAt: now,
      switchedAt: now,
      endedAt: null,
      reissued: 0,
      waitingFor: [],
    });
  }

  async jwks(): Promise<JwksDto> {
    const rows = (await this.store.all(this.unitOfWork.reader)).filter((row) => row.revokedAt === null);
    return { keys: rows.map(({ kid, publicJwk }) => ({ ...publicJwk, kid, alg: 'ES256', use: 'sig' })) };
  }

  /** Compaction keeps the newest statement of a kid, but a topic that was made anew has none: published again hourly. */
  async publishAll(tx: Tx, now: Date): Promise<void> {
    // Else a key that is being revoked right now could be read as trusted and published behind its revocation.
    await this.store.lockShared(tx);
    for (const row of await this.store.all(tx)) await this.publish(tx, row, now);
  }

  /** What the root says of it now: a revoked key is never published as trusted again. */
  async publish(tx: Tx, row: SigningKeyRow, now: Date): Promise<void> {
    const isRevoked = row.revokedAt !== null && row.revokedStatement !== null;
    const [state, statement] = isRevoked ? ['revoked', row.revokedStatement] : ['trusted', row.trustedStatement];
    const record = eventRecord('KeyStatement', {
      topic: topics.keys,
      key: row.kid,
      id: `${row.kid}:${state}`,
      source: 'core-api',
      subject: row.kid,
      time: now,
      data: { kid: row.kid, statement },
      compacted: true,
    });
    await this.outbox.add(tx, record);
  }
}

/** Of a key that another holds the body brings the public half; of one that comes along it is computed. */
function publicJwkOf(body: KeyBody): PublicJwk {
  if ((body.signer ?? 'database') !== 'database') {
    const key = importPublicJwk(body.publicJwk);
    if (!key.ok) throw invalid(key.error.detail);
    if (body.privateJwk !== undefined) throw invalid('A key that another holds comes without its private half');
    return exportPublicJwk(key.value);
  }
  const privateKey = importPrivateJwk(body.privateJwk);
  if (!privateKey.ok) throw invalid(privateKey.error.detail);
  const jwk = exportPublicJwk(createPublicKey(privateKey.value));
  if (body.publicJwk !== undefined && canonicalJson(body.publicJwk) !== canonicalJson(jwk)) {
    throw invalid('The public key belongs to another private key');
  }
  return jwk;
}

function invalid(detail: string): RefusalError {
  return new RefusalError(LicenseIssueErrors.KEY_INVALID({ detail }));
}

function taken(kid: string): RefusalError {
  return new RefusalError(LicenseIssueErrors.KEY_TAKEN({ detail: `The key ${kid} is imported` }));
}

export function statementOf(kid: string, jwk: PublicJwk, state: 'trusted' | 'revoked', compact: string) {
  const read = readStatement(payloadOf(compact), { kid, jwk, state });
  if (typeof read === 'string') {
    throw new RefusalError(LicenseIssueErrors.KEY_INVALID({ detail: `The ${state} statement ${read}` }));
  }
  return read;
}

/** Of the key, and of the root that trusts it: no home follows another, and nobody could put it right afterwards. */
export function revocationOf(key: { kid: string; publicJwk: PublicJwk; trusted: string }, compact: string): void {
  statementOf(key.kid, key.publicJwk, 'revoked', compact);
  if (rootOf(compact) === rootOf(key.trusted)) return;
  throw invalid('The revoked statement is of another root than the trusted one');
}

function rootOf(compact: string): unknown {
  return (partOf(compact, 0) as { kid?: unknown } | null)?.kid;
}

function payloadOf(compact: string): unknown {
  return partOf(compact, 1);
}

function partOf(compact: string, index: 0 | 1): unknown {
  try {
    return JSON.parse(Buffer.from(compact.split('.')[index] ?? '', 'base64url').toString('utf8')) as unknown;
  } catch {
    return null;
  }
}
