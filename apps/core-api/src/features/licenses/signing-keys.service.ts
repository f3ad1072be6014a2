import { createPublicKey } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { topics } from '@biplane/contracts';
import { canonicalJson, RefusalError, type Clock } from '@biplane/kernel';
import { exportPublicJwk, importPrivateJwk, type PublicJwk, type SigningKey } from '@biplane/licensing';
import { eventRecord, Outbox } from '@biplane/messaging';
import { CLOCK, FieldCipher, UnitOfWork, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { readStatement } from './domain/key-import.js';
import type { KeyBody } from './licenses.dto.js';
import { LicenseIssueErrors } from './licenses.errors.js';
import type { JwksDto } from './licenses.responses.js';
import { SigningKeysStore, type SigningKeyRow } from './signing-keys.store.js';

const CACHE_MAX = 16;

/** The only holder of private license keys. They rest encrypted, and are parsed once per process. */
@Injectable()
export class SigningKeys {
  private readonly parsed = new Map<string, SigningKey>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: SigningKeysStore,
    private readonly cipher: FieldCipher,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** The key that signs now; 422 before the first import. */
  async signing(tx: Tx): Promise<SigningKey> {
    const row = await this.store.signing(tx);
    if (!row) throw new RefusalError(LicenseIssueErrors.NO_SIGNING_KEY({ detail: 'No signing key was imported' }));
    return this.parse(row);
  }

  /** Imports what the ceremony made, publishes that the root trusts it; the first one signs from now on. */
  import(body: KeyBody, actor: Actor): Promise<SigningKeyRow> {
    const privateKey = importPrivateJwk(body.privateJwk);
    if (!privateKey.ok) throw new RefusalError(LicenseIssueErrors.KEY_INVALID({ detail: privateKey.error.detail }));
    const jwk = exportPublicJwk(createPublicKey(privateKey.value));
    if (body.publicJwk !== undefined && canonicalJson(body.publicJwk) !== canonicalJson(jwk)) {
      throw new RefusalError(
        LicenseIssueErrors.KEY_INVALID({ detail: 'The public key belongs to another private key' }),
      );
    }
    const trusted = statementOf(body.kid, jwk, 'trusted', body.trusted);
    if (body.revoked !== undefined) statementOf(body.kid, jwk, 'revoked', body.revoked);
    return this.unitOfWork.run(async (tx) => {
      const now = this.clock.now();
      if (trusted.notAfter <= now) {
        throw new RefusalError(
          LicenseIssueErrors.KEY_INVALID({ detail: `The key ended at ${trusted.notAfter.toISOString()}` }),
        );
      }
      await this.store.lockAll(tx);
      const isFirst = (await this.store.signing(tx)) === null;
      const place = { table: 'signing_key', column: 'private_key_encrypted', id: body.kid };
      const row: SigningKeyRow = {
        kid: body.kid,
        publicJwk: jwk,
        privateKeyEncrypted: this.cipher.encrypt(place, JSON.stringify(body.privateJwk)),
        trustedStatement: body.trusted,
        revokedStatement: body.revoked ?? null,
        notBefore: trusted.notBefore,
        notAfter: trusted.notAfter,
        importedAt: now,
        signingFrom: isFirst ? now : null,
        signingTo: null,
      };
      if (!(await this.store.insert(tx, row))) {
        throw new RefusalError(LicenseIssueErrors.KEY_TAKEN({ detail: `The key ${body.kid} is imported` }));
      }
      await this.publish(tx, row, now);
      await this.audit.record(tx, {
        actor,
        action: 'signing_key.imported',
        object: { type: 'signing_key', id: body.kid },
        after: { kid: body.kid, publicJwk: jwk, notBefore: row.notBefore, notAfter: row.notAfter, signs: isFirst },
      });
      return row;
    });
  }

  async jwks(): Promise<JwksDto> {
    const rows = await this.store.all(this.unitOfWork.reader);
    return { keys: rows.map(({ kid, publicJwk }) => ({ ...publicJwk, kid, alg: 'ES256', use: 'sig' })) };
  }

  /** Compaction keeps the newest statement of a kid, but a topic that was made anew has none: published again hourly. */
  async publishAll(tx: Tx, now: Date): Promise<void> {
    for (const row of await this.store.all(tx)) await this.publish(tx, row, now);
  }

  private async publish(tx: Tx, row: SigningKeyRow, now: Date): Promise<void> {
    const record = eventRecord('KeyStatement', {
      topic: topics.keys,
      key: row.kid,
      id: `${row.kid}:trusted`,
      source: 'core-api',
      subject: row.kid,
      time: now,
      data: { kid: row.kid, statement: row.trustedStatement },
      compacted: true,
    });
    await this.outbox.add(tx, record);
  }

  private parse(row: SigningKeyRow): SigningKey {
    const known = this.parsed.get(row.kid);
    if (known) return known;
    const place = { table: 'signing_key', column: 'private_key_encrypted', id: row.kid };
    const imported = importPrivateJwk(JSON.parse(this.cipher.decrypt(place, row.privateKeyEncrypted)) as unknown);
    if (!imported.ok) throw new Error(`The stored key ${row.kid} cannot be read`);
    if (this.parsed.size >= CACHE_MAX) this.parsed.clear();
    const key = { kid: row.kid, privateKey: imported.value };
    this.parsed.set(row.kid, key);
    return key;
  }
}

function statementOf(kid: string, jwk: PublicJwk, state: 'trusted' | 'revoked', compact: string) {
  const read = readStatement(payloadOf(compact), { kid, jwk, state });
  if (typeof read === 'string') {
    throw new RefusalError(LicenseIssueErrors.KEY_INVALID({ detail: `The ${state} statement ${read}` }));
  }
  return read;
}

function payloadOf(compact: string): unknown {
  try {
    return JSON.parse(Buffer.from(compact.split('.')[1] ?? '', 'base64url').toString('utf8')) as unknown;
  } catch {
    return null;
  }
}
