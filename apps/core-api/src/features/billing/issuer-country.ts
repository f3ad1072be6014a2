import { readFileSync } from 'node:fs';

/** The country from which invoices are sent; null when ISSUER_FILE does not say it, and then nothing is reverse-charged. */
export class IssuerCountry {
  constructor(readonly country: string | null) {}

  /** Reads `country` of ISSUER_FILE, ISO 3166-1. Throws when it is no country code. */
  static read(file: string): IssuerCountry {
    const { country = null } = JSON.parse(readFileSync(file, 'utf8')) as { country?: unknown };
    if (country === null || (typeof country === 'string' && /^[A-Z]{2}$/.test(country))) {
      return new IssuerCountry(country);
    }
    throw new Error(`ISSUER_FILE ${file}: country must be two capitals, as ISO 3166-1 has them`);
  }
}
