const DIGITS_MIN = 13;
const DIGITS_MAX = 19;
const ZERO = '0'.charCodeAt(0);

/** Whether a text holds what may be the number of a payment card: 13 to 19 digits, however grouped, that pass the card check digit. */
export function holdsCardNumber(text: string): boolean {
  // Digits of other scripts are read as digits by people too.
  const plain = text.normalize('NFKC').replace(/[\s._/-]/gu, '');
  return [...plain.matchAll(/\d+/g)].some(([digits]) => windows(digits).some(passesCheckDigit));
}

function windows(digits: string): string[] {
  const found: string[] = [];
  for (let length = DIGITS_MIN; length <= DIGITS_MAX; length += 1) {
    for (let start = 0; start + length <= digits.length; start += 1) found.push(digits.slice(start, start + length));
  }
  return found;
}

/** ISO/IEC 7812: from the right, every second digit doubled, digits summed, a multiple of ten. */
function passesCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - ZERO;
    const counted = index % 2 === 1 ? digit * 2 : digit;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return sum % 10 === 0;
}
