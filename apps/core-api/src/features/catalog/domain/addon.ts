import { currencyExponent, parseCurrency, type Decimal, type FieldError } from '@biplane/kernel';
import { parseAddonPricing } from '@biplane/pricing';
import { child, JsonReader } from './json-reader.js';

/** Raises a limit while the add-on is attached; a module or limit that is absent comes into being with it. */
export interface AddonGrant {
  readonly module: string;
  readonly meter: string;
  readonly addToCap: string;
}

export interface AddonContent {
  readonly currency: string;
  readonly price: { readonly kind: string } & Readonly<Record<string, unknown>>;
  /** The price of one unit in minor units of the currency. */
  readonly priceMinor: bigint;
  readonly grants: readonly AddonGrant[];
}

export type AddonReading =
  | { readonly ok: true; readonly content: AddonContent }
  | { readonly ok: false; readonly malformed: readonly FieldError[]; readonly broken: readonly FieldError[] };

const CODE = /^[a-z](?:_?[a-z0-9]){0,62}$/;
const GRANTS_MAX = 20;
/** What a column of minor units holds. */
const MINOR_MAX = 2n ** 63n - 1n;

export function readAddon(
  input: { currency: string; price: unknown; grants: unknown },
  knownMeters: ReadonlySet<string>,
): AddonReading {
  const reader = new JsonReader();
  const grants = reader.list(input.grants, '/grants', GRANTS_MAX, (item, here): AddonGrant => {
    const object = reader.object(item, here, ['module', 'meter', 'addToCap'], ['module', 'meter', 'addToCap']);
    const meter = reader.text(object['meter'], child(here, 'meter'));
    if (typeof object['meter'] === 'string' && !knownMeters.has(meter)) {
      reader.rule(child(here, 'meter'), 'METER_UNKNOWN', `no meter "${meter.slice(0, 64)}" is in the catalog`);
    }
    return {
      module: reader.text(object['module'], child(here, 'module'), CODE, 'a module code'),
      meter,
      addToCap: reader.decimal(object['addToCap'], child(here, 'addToCap')),
    };
  });
  reader.unique(
    grants.map((grant) => `${grant.module}:${grant.meter}`),
    (index) => child('/grants', index),
  );
  const price = reader.object(input.price, '/price', Object.keys((input.price as object | null) ?? {}), [
    'kind',
  ]) as AddonContent['price'];
  const priceMinor = reader.malformed.length === 0 ? readPrice(reader, input.currency, price) : 0n;
  return reader.malformed.length > 0 || reader.broken.length > 0
    ? { ok: false, malformed: reader.malformed, broken: reader.broken }
    : { ok: true, content: { currency: input.currency, price, priceMinor, grants } };
}

function readPrice(reader: JsonReader, currencyCode: string, price: AddonContent['price']): bigint {
  const currency = parseCurrency(currencyCode);
  if (!currency.ok) {
    reader.rule('/currency', currency.error.code, currency.error.detail);
    return 0n;
  }
  const parsed = parseAddonPricing(price, currency.value, '/price');
  if (parsed.ok) {
    const minor = minorOf(parsed.value, currencyExponent(currency.value));
    if (minor <= MINOR_MAX) return minor;
    reader.rule(
      child('/price', price.kind === 'flat' ? 'amount' : 'unitPrice'),
      'VALUE',
      'is more than can be charged',
    );
    return 0n;
  }
  for (const error of parsed.error.errors ?? []) reader.rule(error.pointer, error.code, error.detail);
  return 0n;
}

/** The price has at most the decimals of its currency, so this is exact. */
function minorOf(price: Decimal, exponent: number): bigint {
  return price.coefficient * 10n ** BigInt(exponent - price.scale);
}
