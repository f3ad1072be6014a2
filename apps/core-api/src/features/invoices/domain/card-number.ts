/** Digits as cards are written: in one run, or in groups with blanks or dashes between them. */
const DIGITS = /(?<![0-9A-Za-z])(?:[0-9][ -]?){12,18}[0-9](?![0-9A-Za-z])/g;

/**
 * Whether a text holds what looks like the number of a payment card: 13 to 19 digits that begin as cards do and pass their
 * check digit. One in ten numbers of that length passes by chance; a reference with a letter in front never does.
 */
export function holdsCardNumber(text: string): boolean {
  return [...text.matchAll(DIGITS)].some(([found]) => isCardNumber(found.replaceAll(/[ -]/g, '')));
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
