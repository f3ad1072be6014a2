import type { OwnDiscount } from './discounts.js';
import { billedMonth, billedMonthAt, zoneOf, zonesOf, type Zones } from './zones.js';

/** What may be said of how a tenant is billed. Personal members are in clear here and encrypted at rest. */
export interface SettingsFields {
  readonly currency: string;
  /** ISO 3166-1, two capitals. */
  readonly country: string;
  readonly taxId: string | null;
  /** Whether somebody checked that the tax id is the tenant's: only then it has a say in the tax. */
  readonly taxIdValid: boolean;
  readonly payByInvoice: boolean;
  readonly autoInvoice: boolean;
  readonly autoReminders: boolean;
  /** BCP 47. */
  readonly locale: string;
  /** Lines of the postal address. */
  readonly address: readonly string[] | null;
  /** Where invoices and reminders are mailed to; the first administrator's when it is null. */
  readonly email: string | null;
  /** A payment provider's token; never card data. */
  readonly paymentMethod: string | null;
  /** Days from issue to due. */
  readonly dueDays: number;
  readonly discounts: readonly OwnDiscount[];
}

/** One entry of the history. */
export interface SettingsVersion extends SettingsFields {
  readonly tenantId: string;
  readonly version: number;
  readonly recordedAt: Date;
  readonly timeZone: string;
  readonly zoneFromMonth: string;
}

/** How a tenant is billed at some instant. */
export interface Settings extends SettingsFields {
  readonly tenantId: string;
  readonly version: number;
  /** In which the month at that instant is cut. */
  readonly timeZone: string;
  /** Of every month, past and to come: `billedMonth(zones, month)` is its period. */
  readonly zones: Zones;
}

/** The version that was the newest at `at`; the first one for what was before it. Versions rise. */
export function settingsAt(versions: readonly SettingsVersion[], at: Date): Settings {
  const recorded = versions.filter(({ recordedAt }) => recordedAt <= at);
  const { recordedAt: _, zoneFromMonth: __, ...fields } = recorded[recorded.length - 1] ?? versions[0]!;
  const zones = zonesOfVersions(versions);
  // The only zone is that of every month; to find the month takes longer than all the rest.
  const timeZone = zones.length === 1 ? zones[0]!.timeZone : zoneOf(zones, billedMonthAt(zones, at));
  return { ...fields, zones, timeZone };
}

/** How a billed month is billed: what held in its last instant, whenever it is asked. */
export function settingsOfMonth(versions: readonly SettingsVersion[], month: string): Settings {
  const { to } = billedMonth(zonesOfVersions(versions), month);
  return settingsAt(versions, new Date(to.getTime() - 1));
}

function zonesOfVersions(versions: readonly SettingsVersion[]): Zones {
  return zonesOf(versions.map(({ zoneFromMonth, timeZone }) => ({ fromMonth: zoneFromMonth, timeZone })));
}
