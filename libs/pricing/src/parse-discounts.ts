import type { Currency, Decimal } from '@biplane/kernel';
import type { MeterDiscounts, TenantDiscounts } from './input.js';
import { at, type Mistakes } from './mistakes.js';
import { PricingErrors } from './pricing.errors.js';

/** Longer ones are refused: it stands on every lowered line. */
const DESCRIPTION_MAX = 200;

/** What a kind of discount says, beside its kind, and how that is read. */
interface Kind<T> {
  readonly members: readonly string[];
  read(discount: Readonly<Record<string, unknown>>, pointer: string): T;
}

/** Of one meter: at most one of each kind. Null when there is none. */
export function readMeterDiscounts(
  value: unknown,
  pointer: string,
  currency: Currency,
  mistakes: Mistakes,
): MeterDiscounts | null {
  return readDiscounts<Decimal>(value, pointer, mistakes, {
    usage: { members: ['quantity'], read: (one, here) => mistakes.decimal(at(here, 'quantity'), one['quantity']) },
    amount: {
      members: ['amount'],
      read: (one, here) => mistakes.amount(at(here, 'amount'), one['amount'], currency),
    },
    percent: { members: ['rate'], read: (one, here) => mistakes.rate(at(here, 'rate'), one['rate']) },
  });
}

/** The tenant's own, over its bill: at most one of each kind. Null when there is none. */
export function readTenantDiscounts(
  value: unknown,
  pointer: string,
  currency: Currency,
  mistakes: Mistakes,
): TenantDiscounts | null {
  return readDiscounts<object>(value, pointer, mistakes, {
    amount: {
      members: ['amount', 'description'],
      read: (one, here) => ({
        amount: mistakes.amount(at(here, 'amount'), one['amount'], currency),
        ...readDescription(one['description'], at(here, 'description'), mistakes),
      }),
    },
    percent: {
      members: ['rate', 'description'],
      read: (one, here) => ({
        rate: mistakes.rate(at(here, 'rate'), one['rate']),
        ...readDescription(one['description'], at(here, 'description'), mistakes),
      }),
    },
  }) as TenantDiscounts | null;
}

function readDiscounts<T>(
  value: unknown,
  pointer: string,
  mistakes: Mistakes,
  kinds: Readonly<Record<string, Kind<T>>>,
): Readonly<Record<string, T>> | null {
  const found = new Map<string, T>();
  mistakes.list(pointer, value).forEach((item, index) => {
    const here = at(pointer, index);
    const discount = mistakes.object(here, item);
    if (discount === null) return;
    const name = discount['kind'];
    const kind = typeof name === 'string' && Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (typeof name !== 'string' || !kind) {
      const detail = `A discount here is of one of the kinds: ${Object.keys(kinds).join(', ')}`;
      mistakes.note(at(here, 'kind'), PricingErrors.KIND_UNSUPPORTED({ detail }));
      return;
    }
    mistakes.refuseUnknownMembers(here, discount, ['kind', ...kind.members]);
    if (found.has(name)) {
      mistakes.note(at(here, 'kind'), PricingErrors.NOT_UNIQUE({ detail: `A second discount of the kind ${name}` }));
    }
    found.set(name, kind.read(discount, here));
  });
  return found.size === 0 ? null : Object.fromEntries(found);
}

function readDescription(value: unknown, pointer: string, mistakes: Mistakes): { readonly description?: string } {
  if (value === undefined || value === null) return {};
  if (typeof value === 'string' && value.length <= DESCRIPTION_MAX) return { description: value };
  const detail = `A description is a text of at most ${DESCRIPTION_MAX} characters`;
  mistakes.note(pointer, PricingErrors.INPUT_INVALID({ detail }));
  return {};
}
