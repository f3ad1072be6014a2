import { readFileSync } from 'node:fs';
import { Inject, Injectable } from '@nestjs/common';
import { RefusalError } from '@biplane/kernel';
import { importPrivateJwk, type LicenseSigner, type PublicJwk } from '@biplane/licensing';
import { FieldCipher, IDS, type Ids } from '@biplane/service-kit';
import { ENVIRONMENT, type CoreEnvironment } from '../../../environment.js';
import { LicenseIssueErrors } from '../licenses.errors.js';
import { folderSigner } from './folder-signer.js';
import { keySigner } from './key-signer.js';
import { kmsSigner } from './kms-signer.js';
import { checkedSigner, SignerUnavailableError, type SignerKind } from './license-signer.js';

const CACHE_MAX = 16;

export interface HeldKey {
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  readonly signer: SignerKind;
  readonly privateKeyEncrypted: string | null;
}

/** Finds who signs for a key, and keeps it: a key is read and parsed once per process. */
@Injectable()
export class Signers {
  private readonly known = new Map<string, LicenseSigner>();

  constructor(
    private readonly cipher: FieldCipher,
    @Inject(ENVIRONMENT) private readonly environment: CoreEnvironment,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async of(key: HeldKey): Promise<LicenseSigner> {
    const known = this.known.get(key.kid);
    if (known) return known;
    const signer = await this.fresh(key);
    if (this.known.size >= CACHE_MAX) this.known.clear();
    this.known.set(key.kid, signer);
    return signer;
  }

  /** Not kept: of a key that is being imported, and may be refused. */
  async fresh(key: HeldKey): Promise<LicenseSigner> {
    return refusing(checkedSigner(await this.open(key), key.publicJwk));
  }

  private async open(key: HeldKey): Promise<LicenseSigner> {
    try {
      if (key.signer === 'folder') return await folderSigner(this.folder(), key.kid);
      if (key.signer === 'kms') return this.kms(key.kid);
    } catch (error) {
      throw unavailable(error);
    }
    const place = { table: 'signing_key', column: 'private_key_encrypted', id: key.kid };
    const imported = importPrivateJwk(JSON.parse(this.cipher.decrypt(place, key.privateKeyEncrypted ?? '')) as unknown);
    if (!imported.ok) throw new Error(`The stored key ${key.kid} cannot be read`);
    return keySigner(key.kid, imported.value);
  }

  private folder(): string {
    const folder = this.environment.SIGNING_KEYS_FOLDER;
    if (folder === undefined) throw new SignerUnavailableError('SIGNING_KEYS_FOLDER is not set');
    return folder;
  }

  private kms(kid: string): LicenseSigner {
    const { KMS_URL: url, KMS_TOKEN_FILE: file } = this.environment;
    if (url === undefined || file === undefined)
      throw new SignerUnavailableError('KMS_URL or KMS_TOKEN_FILE is not set');
    const jitter = () => (this.ids.random(1)[0] ?? 0) / 255;
    return kmsSigner(kid, { url, token: readFileSync(file, 'utf8').trim(), jitter });
  }
}

/** To the caller a holder that is away is a 503; its transaction is rolled back, and nothing was signed. */
function refusing(signer: LicenseSigner): LicenseSigner {
  return {
    kid: signer.kid,
    sign: (input) =>
      signer.sign(input).catch((error: unknown) => {
        throw unavailable(error);
      }),
  };
}

function unavailable(error: unknown): unknown {
  if (!(error instanceof SignerUnavailableError)) return error;
  return new RefusalError(LicenseIssueErrors.SIGNER_UNAVAILABLE({ detail: error.message, retryAfterSeconds: 5 }));
}
