import { ar } from './ar.js';
import { de } from './de.js';
import { el } from './el.js';
import { en, enUs } from './en.js';
import { es } from './es.js';
import { fr } from './fr.js';
import { ja } from './ja.js';
import { numberStyle, percentOf, writeDigits, writeNumber } from './numbers.js';
import type { Words } from './words.js';
import { zh } from './zh.js';

/** A language is added with its file and its place here. The rest is English, with the numbers of its own. */
const LANGUAGES: Readonly<Record<string, Words>> = { ar, de, el, en, es, fr, ja, zh };
const RIGHT_TO_LEFT: ReadonlySet<string> = new Set(['ar']);
const MONTH_FIRST: ReadonlySet<string> = new Set(['US', 'CA', 'PH']);

/** How one paper speaks: its words, and numbers and dates as its reader writes them. */
export interface Speech {
  /** Of the words, as BCP 47: `en` where the tenant's language is not spoken. */
  readonly language: string;
  readonly rtl: boolean;
  readonly words: Words;
  /** A decimal string, digit for digit. */
  readonly number: (value: string) => string;
  /** `"0.081"` → `8.1%`. */
  readonly percent: (rate: string) => string;
  /** A count, such as that of the pages. */
  readonly count: (value: number) => string;
  /** Of `2026-04-30`. */
  readonly date: (day: string) => string;
  /** Of `2026-04`. */
  readonly month: (month: string) => string;
}

/** Whether papers have words for the language of the locale; in any other they are in English. */
export function isSpoken(locale: string): boolean {
  return Object.hasOwn(LANGUAGES, (locale.split(/[-_]/)[0] ?? '').toLowerCase());
}

export function speechOf(locale: string): Speech {
  const [language = 'en', ...rest] = locale.split(/[-_]/);
  const region = rest.find((part) => /^([A-Za-z]{2}|[0-9]{3})$/.test(part))?.toUpperCase();
  const asked = language.toLowerCase();
  const spoken = Object.hasOwn(LANGUAGES, asked) ? asked : 'en';
  const words = spoken === 'en' && MONTH_FIRST.has(region ?? '') && asked === 'en' ? enUs : (LANGUAGES[spoken] ?? en);
  const style = numberStyle(asked, region);
  const plain = (value: number | string) => writeDigits(String(value), style);
  return {
    language: spoken,
    rtl: RIGHT_TO_LEFT.has(spoken),
    words,
    number: (value) => writeNumber(value, style),
    percent: (rate) => `${writeNumber(percentOf(rate), style)}${style.digits === undefined ? '%' : '٪'}`,
    count: plain,
    date: (day) => {
      const [year = '', month = '', date = ''] = day.split('-');
      return words.date(plain(year), Number.parseInt(month, 10), plain(Number.parseInt(date, 10)));
    },
    month: (text) => {
      const [year = '', month = ''] = text.split('-');
      return words.month(plain(year), Number.parseInt(month, 10));
    },
  };
}
