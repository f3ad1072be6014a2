import { seededRandom } from '@biplane/testing';

const pieces = [
  'a',
  'Z',
  '9',
  '-',
  '_',
  '.',
  ' ',
  '"',
  "'",
  ';',
  '/',
  '\\',
  '\n',
  '\0',
  'é',
  '名',
  '🛩',
  '\ud800',
  'ａ',
  '%',
  '{{',
  '$(',
];

/** As hostile as 200 names can be: each piece alone, at both ends, in numbers, and at random. */
export function hostileNames(): string[] {
  const random = seededRandom(20_270_301);
  const fixed = [
    '',
    'x'.repeat(300),
    '-'.repeat(300),
    'é'.repeat(300),
    'kube-system',
    'KUBE-SYSTEM',
    '../../etc/passwd',
    "'; DROP TABLE tenant; --",
    'x0123456789abcdef',
    'acme-x0123456789abcdef',
    ...pieces.flatMap((piece) => [piece, `${piece}acme`, `acme${piece}`, `ac${piece}me`, piece.repeat(64)]),
  ];
  const made = Array.from({ length: 200 - fixed.length }, () =>
    Array.from({ length: 1 + Math.floor(random() * 80) }, () => pieces[Math.floor(random() * pieces.length)]).join(''),
  );
  return [...fixed, ...made];
}
