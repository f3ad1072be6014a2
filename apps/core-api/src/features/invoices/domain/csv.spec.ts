import { describe, expect, it } from '@jest/globals';
import { csvRecord } from './csv.js';

describe('a record of CSV', () => {
  it.each([
    ['plain text stays', ['Acme', 'x y'], 'Acme,x y\r\n'],
    [
      'commas, quotes and line ends are quoted',
      ['a,b', 'say "no"', 'two\r\nlines'],
      '"a,b","say ""no""","two\r\nlines"\r\n',
    ],
    ['nothing is an empty cell', [null, '', true], ',,true\r\n'],
    ['a formula is led by an apostrophe', ['=1+1', '+1', '@SUM(A1)', '-2+3'], "'=1+1,'+1,'@SUM(A1),'-2+3\r\n"],
    ['a formula behind blanks and tabs too', [' =1', '\t=1', '\r=1'], `' =1,'\t=1,"'\r=1"\r\n`],
    ['a formula that is quoted as well', ['=HYPERLINK("x","y")'], `"'=HYPERLINK(""x"",""y"")"\r\n`],
    ['an amount below zero is a number', ['-5.00', '-660', '0.003'], '-5.00,-660,0.003\r\n'],
  ])('%s', (_why, cells, expected) => {
    expect(csvRecord(cells)).toBe(expected);
  });
});
