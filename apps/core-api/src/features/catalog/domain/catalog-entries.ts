import { compareDecimal, decimal, parseDecimal, type FieldError } from '@biplane/kernel';

export interface MeterDefinition {
  readonly meter: string;
  readonly name: string;
  readonly unit: string;
  readonly aggregation: 'sum' | 'peak' | 'last';
  /** The plane that counts it. */
  readonly authority: 'control' | 'data';
}

/** Dates are local dates of the tenant, half-open: `to` is the first day on which the rate no longer holds. */
export interface TaxDefinition {
  readonly country: string;
  readonly code: string;
  readonly name: string;
  readonly rate: string;
  readonly from: string;
  readonly to: string | null;
}

/** What is wrong with a tax beside those that are there; dates sort as texts. */
export function taxProblems(tax: TaxDefinition, others: readonly TaxDefinition[]): FieldError[] {
  const problems: FieldError[] = [];
  const rate = parseDecimal(tax.rate);
  if (!rate.ok) problems.push({ pointer: '/rate', code: rate.error.code, detail: rate.error.detail });
  else if (compareDecimal(rate.value, decimal(1n)) > 0) {
    problems.push({ pointer: '/rate', code: 'VALUE', detail: 'must be at most 1: ten percent is "0.10"' });
  }
  for (const member of ['from', 'to'] as const) {
    const date = tax[member];
    if (date !== null && !isOfTheCalendar(date))
      problems.push({ pointer: `/${member}`, code: 'VALUE', detail: 'must be a day of the calendar' });
  }
  if (tax.to !== null && tax.to <= tax.from)
    problems.push({ pointer: '/to', code: 'VALUE', detail: 'must be after from' });
  const overlapping = others.find(
    (other) => other.country === tax.country && other.code === tax.code && overlap(tax, other),
  );
  if (overlapping) {
    const detail = `overlaps the rate ${overlapping.rate} from ${overlapping.from} to ${overlapping.to ?? 'open'}`;
    problems.push({ pointer: '/from', code: 'OVERLAP', detail });
  }
  return problems;
}

/** The taxes that hold on a local date, by code. */
export function taxesOn(taxes: readonly TaxDefinition[], date: string): TaxDefinition[] {
  return taxes
    .filter((tax) => tax.from <= date && (tax.to === null || date < tax.to))
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** From the year 1000 on, so that dates sort as texts and PostgreSQL knows them. */
function isOfTheCalendar(date: string): boolean {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  return year >= 1000 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function overlap(a: TaxDefinition, b: TaxDefinition): boolean {
  return (b.to === null || a.from < b.to) && (a.to === null || b.from < a.to);
}
