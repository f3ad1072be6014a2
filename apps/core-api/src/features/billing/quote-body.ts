import type { OpenPeriod } from '@biplane/billing-calendar';
import { isRfc3339 } from '@biplane/contracts';
import { RefusalError, type FieldError } from '@biplane/kernel';
import { invalid } from '@biplane/service-kit';

const stretchesMax = 1_000;

/** Reads the free-form members of a quote and notes each mistake, so that all are told at once. */
export class QuoteBodyReader {
  private readonly mistakes: FieldError[] = [];

  instant(text: string, pointer: string): Date {
    const at = new Date(text);
    // `Date` makes 1 May of 31 April, and the bill would be that of another period.
    if (!isRfc3339(text)) this.note(pointer, 'INSTANT', `${text} is no instant`);
    return at;
  }

  stretches(value: unknown, pointer: string): OpenPeriod[] {
    if (!Array.isArray(value) || value.length > stretchesMax) {
      this.note(pointer, 'STRETCHES', `A list of at most ${stretchesMax} stretches is needed`);
      return [];
    }
    return value.map((item: unknown, index) => this.stretch(item, `${pointer}/${index}`));
  }

  /** Module → stretches in which it was enabled. */
  modules(value: Readonly<Record<string, unknown>>, pointer: string): Record<string, OpenPeriod[]> {
    const entries = Object.entries(value);
    return Object.fromEntries(entries.map(([module, list]) => [module, this.stretches(list, `${pointer}/${module}`)]));
  }

  /** Meter → quantity; what the texts say is for the pricing to read. */
  quantities(value: Readonly<Record<string, unknown>>, pointer: string): Record<string, string> {
    for (const [meter, quantity] of Object.entries(value)) {
      if (typeof quantity !== 'string') this.note(`${pointer}/${meter}`, 'DECIMAL', 'A quantity is a decimal string');
    }
    return value as Record<string, string>;
  }

  /** Meter → license versions, each a whole number from one on. */
  versions(value: Readonly<Record<string, unknown>>, pointer: string): Record<string, number[]> {
    for (const [meter, list] of Object.entries(value)) {
      const isList = Array.isArray(list) && list.length <= stretchesMax;
      if (isList && list.every((version) => Number.isSafeInteger(version) && version >= 1)) continue;
      this.note(`${pointer}/${meter}`, 'VERSIONS', 'License versions are a list of whole numbers from 1 on');
    }
    return value as Record<string, number[]>;
  }

  refuseMistakes(): void {
    if (this.mistakes.length > 0) throw new RefusalError(invalid(this.mistakes));
  }

  private stretch(item: unknown, pointer: string): OpenPeriod {
    const { from, to, ...unknown } = (typeof item === 'object' && item !== null ? item : {}) as Record<string, unknown>;
    const isStretch = typeof from === 'string' && (typeof to === 'string' || to === null);
    if (!isStretch || Object.keys(unknown).length > 0) {
      this.note(pointer, 'STRETCH', 'A stretch has `from` and `to`; `to` may be null');
      return { from: new Date(0), to: null };
    }
    return { from: this.instant(from, `${pointer}/from`), to: to === null ? null : this.instant(to, `${pointer}/to`) };
  }

  private note(pointer: string, code: string, detail: string): void {
    this.mistakes.push({ pointer, code, detail });
  }
}
