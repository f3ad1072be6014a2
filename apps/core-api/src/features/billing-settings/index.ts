export { BillingSettingsModule } from './billing-settings.module.js';
export { BillingSettings, type FirstSettings } from './billing-settings.service.js';
export { isLocale } from './domain/check-settings.js';
export { discountsOn, type OwnDiscount } from './domain/discounts.js';
export type { Settings } from './domain/settings.js';
export { billedMonth, billedMonthAt, zoneOf, type Zones } from './domain/zones.js';
