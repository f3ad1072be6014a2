import { Injectable } from '@nestjs/common';
import type { PrismaClient } from '@biplane/prisma-core';
import { FieldCipher, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { OwnDiscount } from './domain/discounts.js';
import type { SettingsVersion } from './domain/settings.js';

@Injectable()
export class BillingSettingsStore {
  constructor(private readonly cipher: FieldCipher) {}

  /** One writer of a tenant's settings at a time; false when there is no such tenant. */
  async lock(tx: Tx, tenantId: string): Promise<boolean> {
    const rows = await querySql(tx, 'SELECT 1 FROM tenant_billing WHERE tenant_id = $1::uuid FOR UPDATE', [tenantId]);
    return rows.length === 1;
  }

  /** The head and the first entry of the history. */
  async begin(tx: Tx, version: SettingsVersion): Promise<void> {
    await client(tx).tenantBilling.create({ data: this.head(version), select: { tenantId: true } });
    await this.insert(tx, version);
  }

  async add(tx: Tx, version: SettingsVersion): Promise<void> {
    const { tenantId, ...head } = this.head(version);
    await client(tx).tenantBilling.update({ where: { tenantId }, data: head, select: { tenantId: true } });
    await this.insert(tx, version);
  }

  /** All versions of these tenants, each tenant's in order: one query, whatever their number. */
  async versions(tx: Tx, tenantIds: readonly string[]): Promise<Map<string, SettingsVersion[]>> {
    const rows = await client(tx).billingSettingsVersion.findMany({
      where: { tenantId: { in: [...tenantIds] } },
      orderBy: [{ tenantId: 'asc' }, { version: 'asc' }],
    });
    const versions = new Map<string, SettingsVersion[]>();
    for (const row of rows) {
      const { taxIdEncrypted, addressEncrypted, emailEncrypted, paymentMethodEncrypted, discounts, ...plain } = row;
      const address = this.opened(row.tenantId, 'address_encrypted', addressEncrypted);
      const version: SettingsVersion = {
        ...plain,
        discounts: discounts as unknown as OwnDiscount[],
        taxId: this.opened(row.tenantId, 'tax_id_encrypted', taxIdEncrypted),
        address: address === null ? null : (JSON.parse(address) as string[]),
        email: this.opened(row.tenantId, 'email_encrypted', emailEncrypted),
        paymentMethod: this.opened(row.tenantId, 'payment_method_encrypted', paymentMethodEncrypted),
      };
      const before = versions.get(row.tenantId);
      if (before) before.push(version);
      else versions.set(row.tenantId, [version]);
    }
    return versions;
  }

  private head(version: SettingsVersion) {
    const { tenantId, currency, timeZone, country, taxId, payByInvoice, locale, recordedAt } = version;
    const taxIdEncrypted = this.sealed(tenantId, 'tax_id_encrypted', taxId);
    const { version: number } = version;
    return {
      tenantId, currency, timeZone, country, taxIdEncrypted, payByInvoice, locale, updatedAt: recordedAt, version: number,
    }; // prettier-ignore
  }

  private async insert(tx: Tx, version: SettingsVersion): Promise<void> {
    const { taxId, address, email, paymentMethod, discounts, ...plain } = version;
    const { tenantId } = version;
    await client(tx).billingSettingsVersion.create({
      data: {
        ...plain,
        discounts: discounts.map((discount) => ({ ...discount })),
        taxIdEncrypted: this.sealed(tenantId, 'tax_id_encrypted', taxId),
        addressEncrypted: this.sealed(tenantId, 'address_encrypted', address && JSON.stringify(address)),
        emailEncrypted: this.sealed(tenantId, 'email_encrypted', email),
        paymentMethodEncrypted: this.sealed(tenantId, 'payment_method_encrypted', paymentMethod),
      },
      select: { tenantId: true },
    });
  }

  private sealed(tenantId: string, column: string, text: string | null): string | null {
    return text === null ? null : this.cipher.encrypt(placeOf(tenantId, column), text);
  }

  private opened(tenantId: string, column: string, sealed: string | null): string | null {
    return sealed === null ? null : this.cipher.decrypt(placeOf(tenantId, column), sealed);
  }
}

/** Of the tenant, in every version: what was sealed for the head can be read in the history. */
const placeOf = (tenantId: string, column: string) => ({ table: 'tenant_billing', column, id: tenantId });

const client = (tx: Tx) => prismaOf<PrismaClient>(tx);
