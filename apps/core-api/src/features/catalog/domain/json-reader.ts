import { parseDecimal, type DecimalLimits, type FieldError } from '@biplane/kernel';

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads untrusted JSON member by member and collects every mistake, so that an author corrects all at once. A malformed
 * document (`malformed`, 400) is told apart from one that is well-formed and breaks a rule (`broken`, 422).
 */
export class JsonReader {
  readonly malformed: FieldError[] = [];
  readonly broken: FieldError[] = [];

  object(value: unknown, pointer: string, known: readonly string[], required: readonly string[] = []): Json {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.shape(pointer, 'must be an object');
      return {};
    }
    for (const member of Object.keys(value).filter((name) => !known.includes(name))) {
      this.malformed.push({
        pointer: child(pointer, member),
        code: 'UNKNOWN_MEMBER',
        detail: `${member.slice(0, 64)} is not known here`,
      });
    }
    for (const member of required.filter((name) => !Object.hasOwn(value, name))) {
      this.shape(child(pointer, member), 'is missing');
    }
    return value as Json;
  }

  list<T>(value: unknown, pointer: string, maxItems: number, read: (item: unknown, pointer: string) => T): T[] {
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.shape(pointer, 'must be a list');
      return [];
    }
    if (value.length > maxItems) {
      this.rule(pointer, 'TOO_MANY', `must have at most ${maxItems} items`);
      return [];
    }
    return value.map((item: unknown, index) => read(item, child(pointer, index)));
  }

  text(value: unknown, pointer: string, pattern?: RegExp, what = 'well-formed'): string {
    if (typeof value !== 'string') {
      if (value !== undefined) this.shape(pointer, 'must be a string');
      return '';
    }
    if (pattern && !pattern.test(value)) this.rule(pointer, 'VALUE', `must be ${what}`);
    return value;
  }

  literal<T extends string | null>(value: unknown, pointer: string, allowed: readonly T[], whenAbsent: T): T {
    if (value === undefined) return whenAbsent;
    if (typeof value !== 'string' && value !== null) this.shape(pointer, 'must be a string');
    else if (!allowed.includes(value as T))
      this.rule(pointer, 'VALUE', `must be one of: ${allowed.map(String).join(', ')}`);
    return allowed.includes(value as T) ? (value as T) : whenAbsent;
  }

  integer(value: unknown, pointer: string, bounds: { min: number; max: number }, whenAbsent: number): number {
    if (value === undefined) return whenAbsent;
    if (typeof value !== 'number') this.shape(pointer, 'must be a whole number');
    else if (!Number.isInteger(value) || value < bounds.min || value > bounds.max) {
      this.rule(pointer, 'VALUE', `must be a whole number from ${bounds.min} to ${bounds.max}`);
    } else return value;
    return whenAbsent;
  }

  flag(value: unknown, pointer: string, whenAbsent: boolean): boolean {
    if (typeof value === 'boolean') return value;
    if (value !== undefined) this.shape(pointer, 'must be true or false');
    return whenAbsent;
  }

  /** A decimal string, kept as it was written. */
  decimal(value: unknown, pointer: string, limits: DecimalLimits = {}): string {
    if (typeof value !== 'string') {
      if (value !== undefined) this.shape(pointer, 'must be a decimal string');
      return '0';
    }
    const parsed = parseDecimal(value, limits);
    if (!parsed.ok) this.rule(pointer, parsed.error.code, parsed.error.detail);
    return value;
  }

  unique(values: readonly string[], pointerOf: (index: number) => string): void {
    values.forEach((value, index) => {
      if (values.indexOf(value) < index) this.rule(pointerOf(index), 'NOT_UNIQUE', 'stands here a second time');
    });
  }

  shape(pointer: string, detail: string): void {
    this.malformed.push({ pointer, code: 'SHAPE', detail: `${pointer} ${detail}` });
  }

  rule(pointer: string, code: string, detail: string): void {
    this.broken.push({ pointer, code, detail });
  }
}

/** A JSON pointer (RFC 6901) one step further down. */
export function child(pointer: string, segment: string | number): string {
  return `${pointer}/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
