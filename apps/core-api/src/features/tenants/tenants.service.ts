import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { parseTimeZone } from '@biplane/billing-calendar';
import { parseCurrency, RefusalError, type Clock, type FieldError } from '@biplane/kernel';
import {
  CLOCK,
  FieldCipher,
  IDS,
  principalMayRead,
  UnitOfWork,
  type Ids,
  type Principal,
  type Tx,
} from '@biplane/service-kit';
import { BillingSettings, isLocale, type FirstSettings } from '../billing-settings/index.js';
import { TenantErrors } from './tenants.errors.js';
import { TenantsStore, type Tenant } from './tenants.store.js';

/** Who pays, in what and when: what a bill needs to know of a tenant. The tax id is decrypted; the zone is that of the running month. */
export interface BillingProfile extends FirstSettings {
  readonly tenantId: string;
  readonly tenantName: string;
  readonly tenantSlug: string;
}

export interface AdminInvite {
  readonly adminUserId: string;
  /** Told once; only its hash is stored. */
  readonly token: string;
}

/** What a license tells the home about the first administrator: no mail address, no name, no secret. */
export interface Bootstrap {
  readonly adminUserId: string;
  readonly inviteTokenHash: string;
  readonly expiresAt: string;
}

const INVITE_MS = 7 * 24 * 3_600_000;
const TOKEN_BYTES = 32;

@Injectable()
export class TenantsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: TenantsStore,
    private readonly settings: BillingSettings,
    private readonly cipher: FieldCipher,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** The zone in its usual spelling, or a refusal that names each wrong setting. */
  checkBilling(billing: FirstSettings): FirstSettings {
    const [currency, timeZone] = [parseCurrency(billing.currency), parseTimeZone(billing.timeZone)];
    const errors: FieldError[] = [];
    if (!currency.ok)
      errors.push({ pointer: '/billing/currency', code: currency.error.code, detail: currency.error.detail });
    if (!timeZone.ok)
      errors.push({ pointer: '/billing/timeZone', code: timeZone.error.code, detail: timeZone.error.detail });
    if (!isLocale(billing.locale))
      errors.push({ pointer: '/billing/locale', code: 'VALUE', detail: 'locale must be a BCP 47 tag such as en-AU' });
    if (!currency.ok || !timeZone.ok || errors.length > 0) {
      throw new RefusalError(
        TenantErrors.BILLING_INVALID({ detail: errors.map((error) => error.detail).join('; '), errors }),
      );
    }
    return { ...billing, timeZone: timeZone.value };
  }

  /** Inserts a tenant with its billing settings; 409 when the slug is taken. */
  async record(tx: Tx, input: { id: string; slug: string; name: string; billing: FirstSettings }): Promise<Tenant> {
    const now = this.clock.now();
    const tenant: Tenant = { id: input.id, slug: input.slug, name: input.name, state: 'active', createdAt: now };
    if (!(await this.store.insert(tx, tenant))) {
      throw new RefusalError(TenantErrors.SLUG_TAKEN({ detail: `A tenant "${input.slug}" exists` }));
    }
    await this.settings.begin(tx, input.id, input.billing);
    return tenant;
  }

  /** A new invite for the first administrator of a deployment; it replaces those before. */
  async invite(
    tx: Tx,
    input: { tenantId: string; deploymentId: string; email: string; name: string },
  ): Promise<AdminInvite> {
    const now = this.clock.now();
    const [id, adminUserId] = [this.ids.uuid(), this.ids.uuid()];
    const token = Buffer.from(this.ids.random(TOKEN_BYTES)).toString('base64url');
    await this.store.insertInvite(tx, {
      id,
      tenantId: input.tenantId,
      deploymentId: input.deploymentId,
      adminUserId,
      emailEncrypted: this.cipher.encrypt({ table: 'admin_invite', column: 'email_encrypted', id }, input.email),
      nameEncrypted: this.cipher.encrypt({ table: 'admin_invite', column: 'name_encrypted', id }, input.name),
      tokenHash: createHash('sha256').update(token).digest('hex'),
      expiresAt: new Date(now.getTime() + INVITE_MS),
      createdAt: now,
    });
    return { adminUserId, token };
  }

  /** Held to the end of the transaction: its deployments are added, suspended and resumed one after the other. */
  async hold(tx: Tx, id: string): Promise<Tenant> {
    await this.store.lock(tx, id);
    return this.required(tx, id);
  }

  /** Whom the tenant's newest invite names: the administrator of a further deployment, when no other is. */
  async administratorOf(tx: Tx, tenantId: string): Promise<{ email: string; name: string } | null> {
    const invite = await this.store.newestInviteOfTenant(tx, tenantId);
    if (!invite) return null;
    const { id, emailEncrypted, nameEncrypted } = invite;
    return {
      email: this.cipher.decrypt({ table: 'admin_invite', column: 'email_encrypted', id }, emailEncrypted),
      name: this.cipher.decrypt({ table: 'admin_invite', column: 'name_encrypted', id }, nameEncrypted),
    };
  }

  async bootstrapOf(tx: Tx, deploymentId: string): Promise<Bootstrap | null> {
    const invite = await this.store.newestInvite(tx, deploymentId);
    if (!invite) return null;
    const { adminUserId, tokenHash, expiresAt } = invite;
    return { adminUserId, inviteTokenHash: tokenHash, expiresAt: expiresAt.toISOString() };
  }

  /** Of the first administrator, to whom mail goes that nobody else is named for. */
  async adminEmail(tx: Tx, tenantId: string): Promise<string | null> {
    const invite = await this.store.firstInvite(tx, tenantId);
    if (!invite) return null;
    const place = { table: 'admin_invite', column: 'email_encrypted', id: invite.id };
    return this.cipher.decrypt(place, invite.emailEncrypted);
  }

  async billingProfile(tx: Tx, tenantId: string): Promise<BillingProfile> {
    const tenant = await this.required(tx, tenantId);
    const { currency, timeZone, country, taxId, payByInvoice, locale } = await this.settings.one(tx, tenantId);
    const who = { tenantId, tenantName: tenant.name, tenantSlug: tenant.slug };
    return { ...who, currency, timeZone, country, taxId, payByInvoice, locale };
  }

  /** Those that are there, by id; one statement. */
  async findMany(tx: Tx, ids: readonly string[]): Promise<Map<string, Tenant>> {
    return new Map((await this.store.findMany(tx, ids)).map((tenant) => [tenant.id, tenant]));
  }

  async required(tx: Tx, id: string): Promise<Tenant> {
    const tenant = await this.store.find(tx, id);
    if (!tenant) throw notFound(id);
    return tenant;
  }

  /** 404 for another tenant too: whether it exists is not told. */
  async readable(tx: Tx, id: string, principal: Principal): Promise<Tenant> {
    if (!principalMayRead(principal, id)) throw notFound(id);
    return this.required(tx, id);
  }

  list(
    filter: { slug?: string | undefined; id?: string | undefined },
    afterId: string | null,
    take: number,
  ): Promise<Tenant[]> {
    return this.store.list(this.unitOfWork.reader, filter, afterId, take);
  }
}

function notFound(id: string): RefusalError {
  return new RefusalError(TenantErrors.NOT_FOUND({ detail: `There is no tenant ${id}` }));
}
