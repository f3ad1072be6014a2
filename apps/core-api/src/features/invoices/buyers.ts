import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { canonicalJson } from '@biplane/kernel';
import { FieldCipher, type Tx } from '@biplane/service-kit';
import { BillingSettings, type Settings } from '../billing-settings/index.js';
import type { Buyer, BuyerDetails } from './domain/invoice-document.js';

/** The buyer as the document shows it, and what of it is personal, sealed. */
export interface SealedBuyer {
  readonly buyer: Buyer;
  readonly buyerEncrypted: string;
}

/**
 * Who an invoice goes to. Address and tax id are part of what is issued and yet encrypted at rest: the content holds the
 * hash of them with a salt, and the sealed text holds both.
 */
@Injectable()
export class Buyers {
  constructor(
    private readonly settings: BillingSettings,
    private readonly cipher: FieldCipher,
  ) {}

  /** How these tenants are billed now. */
  settingsOf(tx: Tx, tenantIds: readonly string[]): Promise<Map<string, Settings>> {
    return this.settings.of(tx, tenantIds);
  }

  seal(invoiceId: string, tenantName: string, settings: Settings, salt: Uint8Array): SealedBuyer {
    const { tenantId, country, locale, address, taxId } = settings;
    const sealed = canonicalJson({ address, taxId, salt: Buffer.from(salt).toString('base64url') });
    const detailsHash = createHash('sha256').update(sealed).digest('hex');
    return {
      buyer: { tenantId, name: tenantName, country, locale, detailsHash },
      buyerEncrypted: this.cipher.encrypt(placeOf(invoiceId), sealed),
    };
  }

  /** Null for what was issued before details were kept. */
  open(invoiceId: string, buyerEncrypted: string | null): BuyerDetails | null {
    if (buyerEncrypted === null) return null;
    const { address, taxId } = JSON.parse(this.cipher.decrypt(placeOf(invoiceId), buyerEncrypted)) as BuyerDetails;
    return { address, taxId };
  }
}

const placeOf = (id: string) => ({ table: 'invoice', column: 'buyer_encrypted', id });
