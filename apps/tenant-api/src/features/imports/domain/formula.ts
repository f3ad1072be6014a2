/** What a spreadsheet would run: also behind blanks, as fullwidth signs, and behind the apostrophes that lead it here. */
const FORMULA = /^'*\s*[=+\-@\t\r＝＋－＠]/u;
const LED = /^'+\s*[=+\-@\t\r＝＋－＠]/u;
/** Read as the number that it is. */
const DECIMAL = /^-?\d+(?:\.\d+)?$/;

/** A text that begins as a formula does is led by an apostrophe: a spreadsheet shows it and runs nothing. */
export function neutralized(text: string): string {
  return FORMULA.test(text) && !DECIMAL.test(text) ? `'${text}` : text;
}

/** The text that `neutralized` was given; a formula that nobody led by an apostrophe is the text that it is. */
export function restored(cell: string): string {
  return LED.test(cell) ? cell.slice(1) : cell;
}
