/** How a locale writes decimal strings. Own tables: what Intl writes changes with the release of Node. */
export interface NumberStyle {
  readonly decimal: string;
  readonly group: string;
  /** Of ten, where the digits are not 0 to 9. */
  readonly digits?: string;
}

const POINT: NumberStyle = { decimal: '.', group: ',' };
const COMMA: NumberStyle = { decimal: ',', group: '.' };
const SPACED: NumberStyle = { decimal: ',', group: '\u00A0' };
const SWISS: NumberStyle = { decimal: '.', group: '’' };
const ARABIC: NumberStyle = { decimal: '٫', group: '٬', digits: '٠١٢٣٤٥٦٧٨٩' };

const BY_LANGUAGE: Readonly<Record<string, NumberStyle>> = {
  ...named(COMMA, 'de es el it pt nl da id tr ro hr sl sr vi'),
  ...named(SPACED, 'fr ru uk pl cs sk sv nb no fi hu bg et lv lt'),
};
const BY_LOCALE: Readonly<Record<string, NumberStyle>> = {
  ...named(SWISS, 'de-CH it-CH de-LI'),
  ...named(SPACED, 'de-AT pt-PT en-ZA fr-CH'),
  ...named(POINT, 'es-MX es-US es-PR es-GT es-HN es-NI es-SV es-PA es-DO es-PE'),
  ...named(COMMA, 'ar-MA ar-DZ ar-TN ar-LY'),
  ...named(ARABIC, 'ar-EG ar-SA ar-KW ar-BH ar-QA ar-OM ar-IQ ar-JO ar-SY ar-LB ar-SD ar-YE'),
};

function named(style: NumberStyle, names: string): Record<string, NumberStyle> {
  return Object.fromEntries(names.split(' ').map((name) => [name, style]));
}

export function numberStyle(language: string, region: string | undefined): NumberStyle {
  return BY_LOCALE[`${language}-${region}`] ?? BY_LANGUAGE[language] ?? POINT;
}

const decimalString = /^(-?)([0-9]+)(?:\.([0-9]+))?$/;

/** `"-1234.50"` → `−1.234,50`: the same digits, none lost or rounded. */
export function writeNumber(value: string, style: NumberStyle): string {
  const match = decimalString.exec(value);
  if (match === null) throw new RangeError(`${value.slice(0, 40)} is not a decimal`);
  const [, sign, whole = '', fraction] = match;
  const grouped = whole.replace(/\B(?=([0-9]{3})+$)/g, style.group);
  const written = fraction === undefined ? grouped : `${grouped}${style.decimal}${fraction}`;
  return `${sign === '-' ? '−' : ''}${writeDigits(written, style)}`;
}

export function writeDigits(text: string, { digits }: NumberStyle): string {
  return digits === undefined ? text : text.replace(/[0-9]/g, (digit) => digits.charAt(digit.charCodeAt(0) - 48));
}

/** `"0.081"` → `8.1`: the point two places to the right, as text. */
export function percentOf(rate: string): string {
  const match = decimalString.exec(rate);
  if (match === null) throw new RangeError(`${rate.slice(0, 40)} is not a rate`);
  const [, sign, whole = '', fraction = ''] = match;
  const padded = fraction.padEnd(2, '0');
  const percent = `${whole}${padded.slice(0, 2)}`.replace(/^0+(?=[0-9])/, '');
  const rest = padded.slice(2).replace(/0+$/, '');
  return `${sign}${percent}${rest === '' ? '' : `.${rest}`}`;
}
