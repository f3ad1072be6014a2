import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { readLogo, type Logo, type PrintedSender } from '@biplane/invoice-pdf';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, type Tx } from '@biplane/service-kit';
import { recordAccess } from '../access/index.js';
import { LetterheadErrors } from './letterhead.errors.js';
import {
  findLetterhead,
  findLetterheadVersion,
  findLogo,
  insertLetterhead,
  keepLogo,
  type Letterhead,
  type LetterheadText,
} from './letterhead.store.js';

/** Who a tenant's papers come from: its own words, in versions of which none changes. */
@Injectable()
export class Letterheads {
  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  async present(tx: Tx): Promise<Letterhead> {
    const letterhead = await findLetterhead(tx);
    if (letterhead) return letterhead;
    throw new RefusalError(LetterheadErrors.NONE({ detail: 'The tenant has not given its letterhead' }));
  }

  /** What a statement that is made now is drawn under; null when there is none yet. */
  async versionNow(tx: Tx): Promise<number | null> {
    return (await findLetterhead(tx))?.version ?? null;
  }

  /** As papers of that version bear it, and how they are written. */
  async asPrinted(
    tx: Tx,
    version: number,
  ): Promise<{ readonly sender: PrintedSender; readonly locale: string; readonly timeZone: string }> {
    const letterhead = await findLetterheadVersion(tx, version);
    if (letterhead === null) throw new Error(`There is no letterhead of version ${version}`);
    const { legalName, address, taxId, registration, contact, footer, locale, timeZone, logoHash } = letterhead;
    const logo = logoHash === null ? null : await findLogo(tx, logoHash);
    return { sender: { name: legalName, address, taxId, registration, contact, footer, logo }, locale, timeZone };
  }

  /** The next version; the present one when it says the same. A logo of undefined stays what it is, one of null goes. */
  async replace(
    tx: Tx,
    text: LetterheadText,
    file: Uint8Array | null | undefined,
    actor: string,
    accept: (present: Letterhead | null) => void = () => undefined,
  ): Promise<Letterhead> {
    const present = await findLetterhead(tx);
    accept(present);
    const logo = file ? logoOf(file) : null;
    const logoHash = file === undefined ? (present?.logoHash ?? null) : (logo?.hash ?? null);
    if (present && saysTheSame(present, text, logoHash)) return present;
    if (logo) await keepLogo(tx, logo);
    const at = this.clock.now();
    const version = (present?.version ?? 0) + 1;
    const next: Letterhead = { ...text, version, logoHash, recordedBy: actor, recordedAt: at };
    if (!(await insertLetterhead(tx, next))) {
      throw new RefusalError(LetterheadErrors.CHANGED({ detail: `Version ${version} was made by somebody else` }));
    }
    await recordAccess(tx, { at, actor, action: 'letterhead.changed', object: `letterhead:${version}` });
    return next;
  }
}

function logoOf(file: Uint8Array): Logo & { readonly hash: string } {
  const read = readLogo(file);
  if (!read.ok) {
    const detail = `The file is refused: ${read.error}`;
    throw new RefusalError(LetterheadErrors.LOGO_REFUSED({ detail, members: { reason: read.error } }));
  }
  return { ...read.value, hash: createHash('sha256').update(read.value.bytes).digest('hex') };
}

function saysTheSame(present: Letterhead, text: LetterheadText, logoHash: string | null): boolean {
  const said = ({
    legalName,
    address,
    taxId,
    registration,
    contact,
    footer,
    locale,
    timeZone,
  }: LetterheadText): string =>
    JSON.stringify([legalName, address, taxId, registration, contact, footer, locale, timeZone]);
  return said(present) === said(text) && present.logoHash === logoHash;
}
