import { readFileSync } from 'node:fs';
import { parseTimeZone } from '@biplane/billing-calendar';
import { orThrow } from '@biplane/kernel';
import type { Issuer } from './domain/invoice-document.js';

/** Injection token of the issuer that ISSUER_FILE describes. */
export const ISSUER = Symbol('ISSUER');

const code = /^[A-Z][A-Z0-9]{0,9}$/;

/**
 * Reads ISSUER_FILE: `{"code","name","address":["line"],"timeZone","taxId","payment":["line"]}`, the last one optional. Throws
 * with what is wrong; a service that cannot say who sends its invoices does not start.
 */
export function readIssuer(file: string): Issuer {
  const issuer = JSON.parse(readFileSync(file, 'utf8')) as Partial<Issuer>;
  const wrong = [
    typeof issuer.code === 'string' && code.test(issuer.code) ? null : 'code must be 1 to 10 capitals and digits',
    isText(issuer.name) ? null : 'name must be a text',
    Array.isArray(issuer.address) && issuer.address.every(isText) ? null : 'address must be a list of lines',
    parseTimeZone(issuer.timeZone).ok ? null : 'timeZone must be an IANA time zone',
    issuer.payment === undefined || (Array.isArray(issuer.payment) && issuer.payment.every(isText))
      ? null
      : 'payment must be a list of lines',
    issuer.taxId === null || isText(issuer.taxId) ? null : 'taxId must be a text or null',
  ].filter((mistake) => mistake !== null);
  if (wrong.length > 0) throw new Error(`ISSUER_FILE ${file}: ${wrong.join('; ')}`);
  const { code: known, name, address, taxId, payment } = issuer as Issuer;
  const timeZone = orThrow(parseTimeZone(issuer.timeZone));
  return { code: known, name, address, timeZone, taxId, ...(payment && { payment }) };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 200;
}
