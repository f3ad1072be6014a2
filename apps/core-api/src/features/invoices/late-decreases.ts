import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import {
  negateDecimal,
  decimalToString,
  orThrow,
  parseCurrency,
  parseDecimal,
  moneyFromDecimal,
} from '@biplane/kernel';
import type { Tx } from '@biplane/service-kit';
import type { Actor } from '../audit/index.js';
import { CreditNotes } from './credit-notes.service.js';
import { CreditNotesStore } from './credit-notes.store.js';
import type { CreditableLine } from './domain/credit.js';

/** Usage of an invoiced period that came to less in the end, as billing tells it (`MonthlyBill.decreases`). */
export interface Decrease {
  readonly ref: string;
  readonly meter: string;
  readonly period: Period;
  readonly currency: string;
  /** By how much the billed quantity changes: below zero. */
  readonly quantity: string;
  readonly due: string;
  readonly invoiced: string;
}

/** Credits what was invoiced for usage that was less in the end: nothing issued is edited, and no line goes below zero. */
@Injectable()
export class LateDecreases {
  constructor(
    private readonly notes: CreditNotes,
    private readonly store: CreditNotesStore,
  ) {}

  /**
   * One credit note for each invoice that holds some of it, the period's own invoice first, with the tax of then. What was
   * credited for another reason before is not credited again. Returns the numbers of the notes.
   */
  async credit(tx: Tx, tenantId: string, decreases: readonly Decrease[], actor: Actor): Promise<string[]> {
    const numbers: string[] = [];
    for (const [invoiceId, parts] of await this.parts(tx, tenantId, decreases)) {
      const note = await this.notes.credit(
        tx,
        invoiceId,
        {
          request: { of: 'lines', lines: parts },
          quantities: new Map(parts.map(({ lineId, quantity }) => [lineId, quantity])),
          reason: 'less usage than was invoiced',
          cause: 'late_usage',
        },
        actor,
      );
      numbers.push(note.number);
    }
    return numbers;
  }

  /** By invoice: what of each line is credited, within what is left of the line and of the whole. */
  private async parts(tx: Tx, tenantId: string, decreases: readonly Decrease[]): Promise<Map<string, Part[]>> {
    const invoices = new Map<string, Left>();
    const parts = new Map<string, Part[]>();
    for (const { ref, meter, period, ...amounts } of decreases) {
      const wanted = { tenantId, deploymentId: ref, meter, period };
      let [minor, quantity] = [differenceOf(amounts), decimalToString(negateDecimal(quantityOf(amounts.quantity)))];
      for (const { invoiceId, lineId } of await this.store.usageLines(tx, wanted)) {
        const left = invoices.get(invoiceId) ?? leftOf(await this.store.creditable(tx, invoiceId));
        invoices.set(invoiceId, left);
        const taken = smallest(minor, left.lines.get(lineId) ?? 0n, left.untaxed);
        if (taken <= 0n) continue;
        left.untaxed -= taken;
        parts.set(invoiceId, [...(parts.get(invoiceId) ?? []), { lineId, minor: taken, quantity }]);
        // The quantity belongs to the change as a whole: it is told once.
        [minor, quantity] = [minor - taken, '0'];
      }
    }
    return parts;
  }
}

/** What can still be credited of an invoice. */
interface Left {
  readonly lines: ReadonlyMap<string, bigint>;
  untaxed: bigint;
}

function leftOf(lines: readonly CreditableLine[]): Left {
  const untaxed = lines
    .filter(({ kind }) => kind !== 'tax')
    .map((line) => [line.lineId, line.amountMinor - line.creditedMinor] as const);
  return { lines: new Map(untaxed), untaxed: untaxed.reduce((sum, [, left]) => sum + left, 0n) };
}

function smallest(...amounts: readonly bigint[]): bigint {
  return amounts.reduce((a, b) => (a < b ? a : b));
}

interface Part {
  readonly lineId: string;
  readonly minor: bigint;
  readonly quantity: string;
}

/** A digit more than any sum of invoiced quantities has. */
const QUANTITY_DIGITS_MAX = 42;

function quantityOf(text: string) {
  return orThrow(parseDecimal(text, { allowNegative: true, maxDigits: QUANTITY_DIGITS_MAX }));
}

function differenceOf({ due, invoiced, currency }: Pick<Decrease, 'due' | 'invoiced' | 'currency'>): bigint {
  const minorOf = (text: string) => orThrow(moneyFromDecimal(quantityOf(text), orThrow(parseCurrency(currency)))).minor;
  return minorOf(invoiced) - minorOf(due);
}
