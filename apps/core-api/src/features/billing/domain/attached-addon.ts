import { currencyExponent, decimal, decimalToString, orThrow, parseCurrency } from '@biplane/kernel';
import type { AddonRequest } from '@biplane/pricing';

/** An add-on as it was snapshotted when it was attached. */
export interface AttachedAddonSnapshot {
  readonly code: string;
  readonly name: string;
  readonly resourceKind: string;
  readonly priceKind: string;
  readonly priceMinor: bigint;
  readonly currency: string;
  readonly units: string;
  readonly attachedAt: Date;
  readonly detachedAt: Date | null;
}

/**
 * The snapshots as a bill asks for them: what was sold then, not what the catalog says today. One that was taken off and
 * attached again as it was is one add-on with two stretches, rounded once; with another price or quantity it is another line.
 */
export function addonRequests(addons: readonly AttachedAddonSnapshot[]): AddonRequest[] {
  const requests = new Map<string, AddonRequest>();
  const ordered = [...addons].sort((a, b) => compare(a.code, b.code) || +a.attachedAt - +b.attachedAt);
  for (const addon of ordered) {
    const { code, name, resourceKind, priceKind, priceMinor, currency, units, attachedAt, detachedAt } = addon;
    const key = [code, name, resourceKind, priceKind, priceMinor, currency, units].join('|');
    const known = requests.get(key);
    const attached = [...(known?.attached ?? []), { from: attachedAt, to: detachedAt }];
    const isOnly = known !== undefined || [...requests.values()].every((request) => request.code !== code);
    requests.set(key, known ? { ...known, attached } : { ...request(addon, isOnly), attached });
  }
  return [...requests.values()];
}

function request(addon: AttachedAddonSnapshot, isFirst: boolean): AddonRequest {
  const { code, name, resourceKind, currency, units, attachedAt } = addon;
  const exponent = currencyExponent(orThrow(parseCurrency(currency)));
  const price = decimalToString(decimal(addon.priceMinor, exponent), exponent);
  return {
    code,
    ...(!isFirst && { attachment: `${code}@${attachedAt.toISOString()}` }),
    name,
    resourceKind,
    currency,
    quantity: units,
    price: addon.priceKind === 'flat' ? { kind: 'flat', amount: price } : { kind: addon.priceKind, unitPrice: price },
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
