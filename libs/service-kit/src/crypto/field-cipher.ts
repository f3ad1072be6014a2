import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readSource, type TextSource } from '../environment/source-text.js';

/** Where a sealed value stands: bound into its tag, so that it cannot be moved to another row or column. */
export interface FieldPlace {
  readonly table: string;
  readonly column: string;
  readonly id: string;
}

export interface FieldKeys {
  /** The version that seals; older ones still open. */
  readonly current: number;
  readonly keys: ReadonlyMap<number, Buffer>;
}

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const VERSION_BYTES = 4;
const SEALED = /^v([1-9][0-9]{0,8})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]{22})$/;

/** Field encryption at rest: `v<key version>.<iv>.<ciphertext>.<tag>`, base64url. */
export class FieldCipher {
  constructor(private readonly fieldKeys: FieldKeys) {
    this.keyOf(fieldKeys.current);
  }

  static fromFile(source: TextSource): FieldCipher {
    return new FieldCipher(parseFieldKeys(readSource(source)));
  }

  encrypt(place: FieldPlace, plaintext: string): string {
    const version = this.fieldKeys.current;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.keyOf(version), iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(additionalData(place, version));
    const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    return `v${version}.${[iv, body, cipher.getAuthTag()].map((part) => part.toString('base64url')).join('.')}`;
  }

  /** Throws when the value was changed, moved, or sealed with a key that is not held. */
  decrypt(place: FieldPlace, sealed: string): string {
    const match = SEALED.exec(sealed);
    if (match === null) throw new Error(`${place.table}.${place.column} does not hold a sealed value`);
    const version = Number(match[1]);
    const [iv, body, tag] = match.slice(2).map((part) => Buffer.from(part, 'base64url')) as [Buffer, Buffer, Buffer];
    const decipher = createDecipheriv(ALGORITHM, this.keyOf(version), iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(additionalData(place, version));
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  }

  /** Of files: the same seal without text around it, as key version (4 bytes) | iv | tag | ciphertext. */
  encryptBytes(place: FieldPlace, plain: Uint8Array): Buffer {
    const version = this.fieldKeys.current;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.keyOf(version), iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(additionalData(place, version));
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    const head = Buffer.alloc(VERSION_BYTES);
    head.writeUInt32BE(version);
    return Buffer.concat([head, iv, cipher.getAuthTag(), body]);
  }

  /** Throws as `decrypt` does. */
  decryptBytes(place: FieldPlace, sealed: Uint8Array): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const bodyAt = VERSION_BYTES + IV_BYTES + TAG_BYTES;
    if (bytes.length < bodyAt) throw new Error(`${place.table}.${place.column} does not hold a sealed value`);
    const version = bytes.readUInt32BE();
    const iv = bytes.subarray(VERSION_BYTES, VERSION_BYTES + IV_BYTES);
    const decipher = createDecipheriv(ALGORITHM, this.keyOf(version), iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(additionalData(place, version));
    decipher.setAuthTag(bytes.subarray(VERSION_BYTES + IV_BYTES, bodyAt));
    return Buffer.concat([decipher.update(bytes.subarray(bodyAt)), decipher.final()]);
  }

  private keyOf(version: number): Buffer {
    const key = this.fieldKeys.keys.get(version);
    if (key === undefined) throw new Error(`Field key version ${version} is not held`);
    return key;
  }
}

/** `{"current": 1, "keys": {"1": "<32 bytes, base64>"}}` */
export function parseFieldKeys(text: string): FieldKeys {
  const document = JSON.parse(text) as { current?: unknown; keys?: Record<string, unknown> };
  const keys = new Map<number, Buffer>();
  for (const [version, encoded] of Object.entries(document.keys ?? {})) {
    const key = Buffer.from(typeof encoded === 'string' ? encoded : '', 'base64');
    if (!/^[1-9][0-9]{0,8}$/.test(version) || key.length !== KEY_BYTES) {
      throw new Error(`FIELD_KEYS_FILE: key ${version} is not 32 bytes in base64 under a positive version`);
    }
    keys.set(Number(version), key);
  }
  if (typeof document.current !== 'number' || !keys.has(document.current)) {
    throw new Error('FIELD_KEYS_FILE: `current` names no key');
  }
  return { current: document.current, keys };
}

// JSON keeps the parts apart whatever they contain.
function additionalData(place: FieldPlace, keyVersion: number): Buffer {
  return Buffer.from(JSON.stringify([place.table, place.column, place.id, keyVersion]));
}
