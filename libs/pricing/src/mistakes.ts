import {
  compareDecimal,
  currencyExponent,
  decimal,
  err,
  ok,
  parseDecimal,
  type Currency,
  type DecimalLimits,
  type Decimal,
  type Failure,
  type FailureFactory,
  type FieldError,
  type Result,
  ZERO_DECIMAL,
} from '@biplane/kernel';
import { PricingErrors } from './pricing.errors.js';

const ONE = decimal(1n);

/**
 * Collects every mistake of a request, so that the caller corrects all of them at once. A reader that finds a mistake
 * notes it and goes on with a harmless value; `result` then refuses the whole.
 */
export class Mistakes {
  private readonly found: Failure[] = [];
  private readonly errors: FieldError[] = [];

  get count(): number {
    return this.found.length;
  }

  note(pointer: string, failure: Failure): void {
    this.found.push(failure);
    this.errors.push({ pointer, code: failure.code, detail: failure.detail });
  }

  /** The value, or `instead` when it is a failure, which is noted. */
  take<T>(pointer: string, result: Result<T>, instead: T): T {
    if (result.ok) return result.value;
    this.note(pointer, result.error);
    return instead;
  }

  decimal(pointer: string, text: unknown, limits: DecimalLimits = {}): Decimal {
    return this.take(pointer, parseDecimal(text, limits), ZERO_DECIMAL);
  }

  /** Null when it is none: for values that have no harmless stand-in. */
  optionalDecimal(pointer: string, text: unknown): Decimal | null {
    return this.take<Decimal | null>(pointer, parseDecimal(text), null);
  }

  /** An amount of money: at most the decimals of its currency. */
  amount(pointer: string, text: unknown, currency: Currency): Decimal {
    return this.decimal(pointer, text, { maxScale: currencyExponent(currency) });
  }

  /** A part of a whole: ten percent is "0.10". */
  rate(pointer: string, text: unknown): Decimal {
    const rate = this.decimal(pointer, text);
    if (compareDecimal(rate, ONE) <= 0) return rate;
    this.note(pointer, PricingErrors.INPUT_INVALID({ detail: 'A rate is at most 1: ten percent is "0.10"' }));
    return ZERO_DECIMAL;
  }

  /** A member that may be left out or null. */
  whenGiven<T>(value: unknown, read: () => T): T | null {
    return value === undefined || value === null ? null : read();
  }

  /** Null after a mistake was noted. */
  object(pointer: string, value: unknown): Readonly<Record<string, unknown>> | null {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    this.note(pointer, PricingErrors.INPUT_INVALID({ detail: 'This is not an object' }));
    return null;
  }

  list(pointer: string, value: unknown): readonly unknown[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value;
    this.note(pointer, PricingErrors.INPUT_INVALID({ detail: 'This is not a list' }));
    return [];
  }

  refuseUnknownMembers(pointer: string, value: object, known: readonly string[]): void {
    for (const member of Object.keys(value).filter((name) => !known.includes(name))) {
      this.note(at(pointer, member), PricingErrors.INPUT_INVALID({ detail: `"${member}" is not known here` }));
    }
  }

  refuseRepeats(values: readonly string[], pointerOf: (index: number) => string): void {
    values.forEach((value, index) => {
      if (values.indexOf(value) < index) {
        this.note(pointerOf(index), PricingErrors.NOT_UNIQUE({ detail: `"${value}" stands here a second time` }));
      }
    });
  }

  /**
   * What was read, null standing for what could not be; null without a mistake is a bug.
   * Mistakes that are all of one kind keep its code, so that clients can tell a missing meter from a bad number.
   */
  result<T>(value: T | null): Result<T> {
    const first = this.found[0];
    if (!first) {
      if (value === null) throw new Error('What could not be read must have been noted');
      return ok(value);
    }
    const sameKind = this.found.every((failure) => failure.code === first.code);
    const factory = sameKind ? factoryOf(first) : PricingErrors.INPUT_INVALID;
    const detail = this.found.length === 1 ? first.detail : `${this.found.length} fields cannot be priced`;
    return err(factory({ detail, errors: this.errors }));
  }
}

/** A JSON pointer (RFC 6901) one step further down. */
export function at(pointer: string, ...segments: readonly (string | number)[]): string {
  return segments.reduce<string>(
    (path, segment) => `${path}/${`${segment}`.replace(/~/g, '~0').replace(/\//g, '~1')}`,
    pointer,
  );
}

function factoryOf(failure: Failure): FailureFactory {
  return (input) => ({ ...failure, ...input });
}
