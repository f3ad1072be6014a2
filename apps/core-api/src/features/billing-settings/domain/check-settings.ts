import { parseTimeZone } from '@biplane/billing-calendar';
import {
  compareDecimal,
  decimal,
  moneyFromDecimal,
  parseCurrency,
  parseDecimal,
  ZERO_DECIMAL,
  type FieldError,
} from '@biplane/kernel';
import type { OwnDiscount } from './discounts.js';
import type { SettingsFields } from './settings.js';

export type Proposed = SettingsFields & { readonly timeZone: string };

/** What is wrong with settings whose shape is right, each with the member that it stands in. */
export function settingsProblems(proposed: Proposed): FieldError[] {
  const problems: FieldError[] = [];
  const currency = parseCurrency(proposed.currency);
  const timeZone = parseTimeZone(proposed.timeZone);
  if (!currency.ok) problems.push({ pointer: '/currency', code: currency.error.code, detail: currency.error.detail });
  if (!timeZone.ok) problems.push({ pointer: '/timeZone', code: timeZone.error.code, detail: timeZone.error.detail });
  if (!isLocale(proposed.locale)) problems.push(value('/locale', 'must be a BCP 47 tag such as en-AU'));
  if (proposed.taxIdValid && proposed.taxId === null) problems.push(value('/taxIdValid', 'there is no tax id'));
  const kinds = proposed.discounts.map(({ kind }) => kind);
  for (const [index, discount] of proposed.discounts.entries()) {
    if (kinds.indexOf(discount.kind) !== index)
      problems.push(value(`/discounts/${index}/kind`, 'there is at most one amount and one percentage'));
    problems.push(...discountProblems(discount, proposed.currency, `/discounts/${index}`));
  }
  return problems;
}

function discountProblems(discount: OwnDiscount, currency: string, pointer: string): FieldError[] {
  const problems: FieldError[] = [];
  for (const member of ['from', 'to'] as const) {
    const date = discount[member];
    if (date !== null && !isOfTheCalendar(date))
      problems.push(value(`${pointer}/${member}`, 'must be a day of the calendar'));
  }
  if (discount.to !== null && discount.to <= discount.from) problems.push(value(`${pointer}/to`, 'must be after from'));
  const member = discount.kind === 'amount' ? 'amount' : 'rate';
  const parsed = parseDecimal(discount.kind === 'amount' ? discount.amount : discount.rate);
  if (!parsed.ok)
    problems.push({ pointer: `${pointer}/${member}`, code: parsed.error.code, detail: parsed.error.detail });
  else if (compareDecimal(parsed.value, ZERO_DECIMAL) <= 0)
    problems.push(value(`${pointer}/${member}`, 'must be above zero'));
  else if (discount.kind === 'percent' && compareDecimal(parsed.value, decimal(1n)) > 0)
    problems.push(value(`${pointer}/rate`, 'must be at most 1: ten percent is "0.10"'));
  else if (discount.kind === 'amount') {
    const known = parseCurrency(currency);
    const exact = known.ok ? moneyFromDecimal(parsed.value, known.value) : null;
    if (exact?.ok === false)
      problems.push({ pointer: `${pointer}/amount`, code: exact.error.code, detail: exact.error.detail });
  }
  return problems;
}

/** A tag that passes the pattern of its members may still be none: "en-u". */
export function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

/** From the year 1000 on, so that dates sort as texts. */
function isOfTheCalendar(date: string): boolean {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  return year >= 1000 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

const value = (pointer: string, detail: string): FieldError => ({ pointer, code: 'VALUE', detail });
