import type { TaxRequest } from '@biplane/pricing';

/** ISO 3166-1 codes of the member states of the European Union. */
const EU: ReadonlySet<string> = new Set([
  'AT', 'BE', 'BG', 'CY', 'CZ', 'DE', 'DK', 'EE', 'ES', 'FI', 'FR', 'GR', 'HR', 'HU', 'IE', 'IT', 'LT', 'LU', 'LV', 'MT', 'NL', 'PL',
  'PT', 'RO', 'SE', 'SI', 'SK',
]); // prettier-ignore

export interface TaxedTenant {
  readonly country: string;
  readonly taxId: string | null;
  /** Whether somebody checked that the tax id is the tenant's. */
  readonly taxIdValid: boolean;
}

/**
 * Whether the tenant owes the tax itself: a business of the European Union, by its checked tax id, that buys from a supplier of
 * another country (Directive 2006/112/EC, article 196). An issuer whose country is not known charges the tax.
 */
export function isReverseCharged({ country, taxId, taxIdValid }: TaxedTenant, issuerCountry: string | null): boolean {
  if (issuerCountry === null || taxId === null || !taxIdValid) return false;
  return EU.has(country) && country !== issuerCountry;
}

interface Tax {
  readonly code: string;
  readonly name: string;
  readonly rate: string;
}

/** The taxes of the tenant's country as its bill asks for them. */
export function taxRequests(taxes: readonly Tax[], isReversed: boolean): TaxRequest[] {
  return taxes.map(({ code, name, rate }) => {
    return isReversed ? { code, name, rate: '0', reverseCharge: true } : { code, name, rate };
  });
}
