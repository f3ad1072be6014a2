/**
 * Digits as cards are written: in one run, or in groups with one sign between them. A longer run is no card's but a bank's
 * reference: that of a Swiss payment slip has 27 digits.
 */
const DIGITS = /(?<![0-9A-Za-z])(?:[0-9][ ._/-]?){12,18}[0-9](?![0-9A-Za-z])/g;

/**
 * Whether a text holds what looks like the number of a payment card: 13 to 19 digits that begin as cards do and pass their
 * check digit. One in ten numbers of that length passes by chance; a reference with a letter in front never does.
 */
export function holdsCardNumber(text: string): boolean {
  // Digits of other scripts are read as digits by people too.
  return [...text.normalize('NFKC').matchAll(DIGITS)].some(([found]) => isCardNumber(found.replaceAll(/[ ._/-]/g, '')));
}

function isCardNumber(digits: string): boolean {
  return /^[2-6]/.test(digits) && luhn(digits);
}

const ZERO = '0'.charCodeAt(0);

function luhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - ZERO;
    const doubled = index % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
