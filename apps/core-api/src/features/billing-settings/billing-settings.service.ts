import { Inject, Injectable } from '@nestjs/common';
import { nextMonth, parseTimeZone } from '@biplane/billing-calendar';
import { canonicalJson, orThrow, RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, principalMayRead, UnitOfWork, type Principal, type Tx } from '@biplane/service-kit';
import { holdsCardNumber } from '../../card-number.js';
import { Audit, type Actor } from '../audit/index.js';
import { BillingSettingsErrors } from './billing-settings.errors.js';
import { BillingSettingsStore } from './billing-settings.store.js';
import { settingsProblems, type Proposed } from './domain/check-settings.js';
import { settingsAt, settingsOfMonth, type Settings, type SettingsVersion } from './domain/settings.js';
import { billedMonthAt, FIRST_MONTH, zonesOf } from './domain/zones.js';

export const DUE_DAYS = 14;

/** What is said of the billing of a tenant when it is created. */
export interface FirstSettings {
  readonly currency: string;
  readonly timeZone: string;
  readonly country: string;
  readonly taxId: string | null;
  readonly payByInvoice: boolean;
  readonly locale: string;
}

/** Reads and changes how tenants are billed. Every change is a version for ever. */
@Injectable()
export class BillingSettings {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: BillingSettingsStore,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** The first version, with its tenant and in its transaction. */
  begin(tx: Tx, tenantId: string, first: FirstSettings): Promise<void> {
    return this.store.begin(tx, {
      ...first,
      tenantId,
      version: 1,
      recordedAt: this.clock.now(),
      zoneFromMonth: FIRST_MONTH,
      taxIdValid: false,
      autoInvoice: true,
      autoReminders: true,
      address: null,
      email: null,
      paymentMethod: null,
      dueDays: DUE_DAYS,
      discounts: [],
    });
  }

  /** How each tenant is billed at `at`, now unless it is given. One query; who is not a tenant is left out. */
  async of(reader: Tx, tenantIds: readonly string[], at = this.clock.now()): Promise<Map<string, Settings>> {
    return this.each(reader, tenantIds, (versions) => settingsAt(versions, at));
  }

  /** What held for each tenant in the last instant of its month, whatever was decided since. One query. */
  async ofMonth(reader: Tx, tenantIds: readonly string[], month: string): Promise<Map<string, Settings>> {
    return this.each(reader, tenantIds, (versions) => settingsOfMonth(versions, month));
  }

  async one(reader: Tx, tenantId: string): Promise<Settings> {
    const settings = (await this.of(reader, [tenantId])).get(tenantId);
    if (!settings) throw notFound(tenantId);
    return settings;
  }

  /** 404 for another tenant too: whether it exists is not told. */
  readable(reader: Tx, tenantId: string, principal: Principal): Promise<Settings> {
    if (!principalMayRead(principal, tenantId)) throw notFound(tenantId);
    return this.one(reader, tenantId);
  }

  /** The settings as a whole, once `accept` has seen those that hold; the last write holds. Saying what holds already adds no version. */
  replace(
    tenantId: string,
    proposed: Proposed,
    actor: Actor,
    accept: (present: Settings) => void = () => undefined,
  ): Promise<void> {
    return this.unitOfWork.run(async (tx) => {
      if (!(await this.store.lock(tx, tenantId))) throw notFound(tenantId);
      const versions = (await this.store.versions(tx, [tenantId])).get(tenantId)!;
      const before = versions[versions.length - 1]!;
      accept(settingsAt(versions, this.clock.now()));
      refuse(before.currency, proposed);
      const timeZone = orThrow(parseTimeZone(proposed.timeZone));
      const after: SettingsVersion = {
        ...proposed,
        tenantId,
        timeZone,
        version: before.version + 1,
        recordedAt: this.clock.now(),
        zoneFromMonth: timeZone === before.timeZone ? before.zoneFromMonth : this.nextMonthOf(versions),
      };
      if (said(after) === said(before)) return;
      await this.store.add(tx, after);
      await this.audit.record(tx, {
        actor,
        action: 'billing_settings.replaced',
        object: { type: 'tenant', id: tenantId },
        tenantId,
        before: audited(before),
        after: { ...audited(after), personalChanged: personal(before) !== personal(after) },
      });
    });
  }

  /** A running month is not cut anew: a zone holds from the next one on. */
  private nextMonthOf(versions: readonly SettingsVersion[]): string {
    const zones = zonesOf(versions.map(({ zoneFromMonth, timeZone }) => ({ fromMonth: zoneFromMonth, timeZone })));
    return nextMonth(billedMonthAt(zones, this.clock.now()));
  }

  private async each(
    reader: Tx,
    tenantIds: readonly string[],
    settings: (versions: readonly SettingsVersion[]) => Settings,
  ): Promise<Map<string, Settings>> {
    const versions = await this.store.versions(reader, tenantIds);
    return new Map([...versions].map(([tenantId, all]) => [tenantId, settings(all)]));
  }
}

function refuse(currency: string, proposed: Proposed): void {
  if (proposed.paymentMethod !== null && holdsCardNumber(proposed.paymentMethod)) {
    const errors = [{ pointer: '/paymentMethod', code: 'CARD_DATA', detail: 'looks like a card number' }];
    throw new RefusalError(
      BillingSettingsErrors.CARD_DATA({ detail: 'paymentMethod looks like a card number', errors }),
    );
  }
  const errors = settingsProblems(proposed);
  if (errors.length > 0) {
    const detail = errors.map((error) => `${error.pointer} ${error.detail}`).join('; ');
    throw new RefusalError(BillingSettingsErrors.INVALID({ detail, errors }));
  }
  if (proposed.currency !== currency) {
    const detail = `The tenant is billed in ${currency}, not in ${proposed.currency}`;
    throw new RefusalError(BillingSettingsErrors.CURRENCY_FIXED({ detail }));
  }
}

const personal = ({ taxId, address, email, paymentMethod }: SettingsVersion): string =>
  canonicalJson([taxId, address, email, paymentMethod]);

/** Without anything personal: the audit keeps no tax id, no address and no token. */
function audited(settings: SettingsVersion) {
  const { version, currency, timeZone, zoneFromMonth, country, taxIdValid, payByInvoice } = settings;
  const { autoInvoice, autoReminders, locale, dueDays, discounts } = settings;
  return {
    version, currency, timeZone, zoneFromMonth, country, taxIdValid, payByInvoice, autoInvoice, autoReminders, locale, dueDays, discounts,
  }; // prettier-ignore
}

const said = (settings: SettingsVersion): string =>
  canonicalJson([{ ...audited(settings), version: 0 }, personal(settings)]);

function notFound(tenantId: string): RefusalError {
  return new RefusalError(BillingSettingsErrors.NOT_FOUND({ detail: `There is no tenant ${tenantId}` }));
}
