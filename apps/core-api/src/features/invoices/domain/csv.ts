/** What is written as it is: a decimal, which a spreadsheet should add up. */
const DECIMAL = /^-?\d+(?:\.\d+)?$/;
/** What a spreadsheet would take for a formula. */
const FORMULA = /^\s*[=+\-@\t\r]/;

export type CsvCell = string | boolean | null;

/** One record as RFC 4180 has it. A text that begins as a formula does is led by an apostrophe. */
export function csvRecord(cells: readonly CsvCell[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

function cellOf(value: CsvCell): string {
  if (value === null) return '';
  const text = String(value);
  const harmless = FORMULA.test(text) && !DECIMAL.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
