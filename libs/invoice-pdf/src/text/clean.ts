/** More than any name or description that the platform takes; a longer one is cut with an ellipsis. */
const LENGTH_MAX = 600;
/** Marks on one letter. Real words have two or three; without a bound they climb over the lines above. */
const MARKS_MAX = 3;

const controls = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
/** Direction controls, which could turn an amount around, and what else is unseen. Joiners stay: Persian needs them. */
const unseen =
  /[\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;
const loneSurrogate = /\p{Cs}/gu;
const manyMarks = new RegExp(`(\\p{M}{${MARKS_MAX}})\\p{M}+`, 'gu');

/**
 * A text from outside as one line that is safe to set: composed, without controls, of bounded length. Its order is
 * decided by its letters alone, never by direction controls inside.
 */
export function clean(text: string): string {
  // Cut first: what is thrown away is not worth a pass of the expressions.
  const bounded = text.length > LENGTH_MAX * 4 ? text.slice(0, LENGTH_MAX * 4) : text;
  const plain = bounded
    .replace(loneSurrogate, '\uFFFD')
    .normalize('NFC')
    .replace(controls, ' ')
    .replace(unseen, '')
    .replace(manyMarks, '$1')
    .replace(/\p{Zs}+/gu, ' ')
    .trim();
  const points = [...plain];
  return points.length > LENGTH_MAX || bounded !== text
    ? `${points
        .slice(0, LENGTH_MAX - 1)
        .join('')
        .trimEnd()}…`
    : plain;
}
