import { describe, expect, it } from '@jest/globals';
import { openFonts, RTL_FEATURES } from './fonts.js';
import { renderInvoicePdf } from './render.entry.js';
import { readPdf } from './spec-support/read-pdf.js';
import { asInvoice, buyer, line, sampleInvoice } from './spec-support/sample.js';
import { clean } from './text/clean.js';
import { wrapText } from './text/lines.js';
import { paragraph, visualRuns } from './text/paragraph.js';

const fonts = openFonts();
const shown = (text: string) => visualRuns(paragraph(text, 'regular', fonts).clusters).map((run) => run.text);
const textOf = async (over: Parameters<typeof buyer>[0]) =>
  (await readPdf(await renderInvoicePdf(sampleInvoice({ buyer: buyer(over) }), asInvoice()))).text;

describe('names of the world', () => {
  it.each([
    ['Chinese', '上海飞行软件科技有限公司'],
    ['Japanese', '株式会社ソフトウェア航空'],
    ['Korean', '서울 소프트웨어 주식회사'],
    ['Greek', 'Ελληνική Αεροπορία Λογισμικού'],
    ['Cyrillic', 'ТОВ «Літак і небо»'],
    ['Vietnamese', 'Công ty Phần mềm Hàng không'],
    ['Polish', 'Żółć Sp. z o.o.'],
    ['Arabic', 'شركة الطيران للبرمجيات'],
    ['Arabic with ligatures', 'السلام والأمان للاتصالات'],
    ['Persian', 'شرکت هواپیمایی گل‌ها'],
    ['Hebrew', 'חברת תעופה'],
  ])('%s is read back as it was written', async (_, name) => {
    // As programs search: a ligature counts as its letters; joiners and spaces are none.
    const letters = (text: string) => text.normalize('NFKC').replace(/[ \u200C]/g, '');
    expect(letters(await textOf({ name }))).toContain(letters(name));
  });

  it('Arabic letters are joined: in a word each takes the form of its place, drawn from the right', () => {
    const { clusters } = paragraph('شركة', 'regular', fonts);
    const face = clusters[0]!.face;
    const font = face.font as {
      layout(text: string, features: readonly string[]): { glyphs: { id: number; codePoints: number[] }[] };
    };
    const word = font.layout('شركة', RTL_FEATURES).glyphs;
    const alone = [...'شركة'].map((letter) => font.layout(letter, RTL_FEATURES).glyphs[0]!.id);
    expect(String.fromCodePoint(...word.flatMap(({ codePoints }) => codePoints))).toBe('ةكرش');
    expect(
      word
        .map(({ id }) => id)
        .reverse()
        .filter((id, index) => id === alone[index]),
    ).toEqual([]);
  });

  it.each([
    // From left to right as drawn; what reads from the right is in logical order, with brackets as they are drawn.
    ['Latin and numbers in Arabic keep their own direction', 'فاتورة INV-42 من', 'من| |INV-42|فاتورة '],
    ['an amount does not turn around', '−1,234.50', '−1,234.50'],
    ['brackets open where reading starts', '(שלום)', 'שלום(|)'],
    ['Hebrew in a Latin name', 'Acme (שלום) Ltd', 'Acme (|שלום|) |Ltd'],
  ])('%s', (_, text, runs) => {
    expect(shown(text).join('|')).toBe(runs);
  });

  it('a letter that no font has is seen to be missing', async () => {
    expect(await textOf({ name: 'Acme 𐎀 Ltd' })).toContain('Acme \uFFFD Ltd');
  });
});

describe('hostile texts', () => {
  it.each([
    ['control characters and line breaks', 'a\u0000b\u001Bc\r\nd\u2028e', 'a b c d e'],
    ['overrides of direction, isolates and marks', 'inv\u202Egpj.exe\u202C \u2067x\u2069\u200F', 'invgpj.exe x'],
    ['unseen characters and tags', 'a\u200Bb\uFEFFc\u{E0041}d\u00ADe', 'abcde'],
    ['lone surrogates', `a\uD83Db`, 'a\uFFFDb'],
    ['spaces of all kinds', ' a\u00A0\u3000 b ', 'a b'],
  ])('%s do no harm', (_, text, harmless) => {
    expect(clean(text)).toBe(harmless);
  });

  it('marks do not pile up', () => {
    expect([...clean(`z${'\u0335'.repeat(500)}!`)].length).toBeLessThan(8);
  });

  it('a name of 10,000 characters takes its lines and no more, and says that it was cut', async () => {
    const name = 'W'.repeat(10_000);
    const document = sampleInvoice({ buyer: buyer({ name }), lines: [line({ description: `${name} ${name}` })] });
    const { pages, text } = await readPdf(await renderInvoicePdf(document, asInvoice()));
    expect(pages).toBe(1);
    expect(text.split('…')).toHaveLength(3);
    expect(text).toContain('Total USD 70.64');
  });

  it('a line with thousands of words of explanation fits on its page and never runs into the foot', async () => {
    const explanation = Array.from({ length: 200 }, (_, index) => {
      return { text: `component ${index} ${'of many words '.repeat(40)}`, quantity: null, amount: null };
    });
    const lines = Array.from({ length: 3 }, () => line({ description: 'long '.repeat(500), explanation }));
    const { pages, text, lowest } = await readPdf(await renderInvoicePdf(sampleInvoice({ lines }), asInvoice()));
    expect(pages).toBeLessThan(6);
    expect(Math.min(...lowest)).toBeGreaterThan(70);
    expect(text).toContain('component 0');
    expect(text).toContain('…');
  });

  it.each(['', '\u202E', '\u0301', '\u200D', '﷽'.repeat(300), '\u0600'.repeat(50), '👩‍👩‍👧‍👦'.repeat(200)])(
    'the name %j is drawn',
    async (name) => {
      expect(await textOf({ name })).toContain('Total USD 70.64');
    },
  );

  it('a locale that is none is English', async () => {
    for (const locale of ['', 'xx', 'constructor', '../../etc', '-', 'de_DE']) {
      expect(await textOf({ locale })).toContain(locale === 'de_DE' ? 'Rechnung' : 'Invoice');
    }
  });

  it('an amount that is no decimal is refused as the bug that it is', async () => {
    const lines = [line({ quantity: '1e9' })];
    await expect(renderInvoicePdf(sampleInvoice({ lines }), asInvoice())).rejects.toThrow(RangeError);
  });
});

describe('lines of text', () => {
  const wrap = (text: string, width: number, linesMax = 99) =>
    wrapText(text, { weight: 'regular', width, linesMax }, fonts);

  it.each([
    'A meter with a long name, of many words',
    '上海飞行软件科技有限公司之服务',
    'شركة الطيران للبرمجيات والخدمات',
    'W'.repeat(80),
  ])('of %s are never wider than they may be, and lose no letter', (text) => {
    const lines = wrap(text, 7);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.filter(({ width }) => width > 7.001)).toEqual([]);
    const letters = (value: string) => [...value.replaceAll(' ', '')].sort().join('');
    expect(letters(lines.flatMap(({ runs }) => runs.map((run) => run.text)).join(''))).toBe(letters(text));
  });

  it('beyond their number are cut, with an ellipsis', () => {
    const lines = wrap('one two three four five six seven eight nine ten', 6, 2);
    expect(lines).toHaveLength(2);
    expect(lines[1]!.runs.map((run) => run.text).join('')).toMatch(/…$/);
  });
});
