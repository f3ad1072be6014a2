import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { PrintedEntry, PrintedStatement } from '@biplane/invoice-pdf';
import { renderStatementPdf } from '@biplane/invoice-pdf/render';
import PDFDocument from 'pdfkit';
import type { Benchmark, Finding } from './benchmark.js';
import { compareFastest, type Turn } from './rounds.js';

const ENTRIES = 40;
const PAPERS = 10;
const ROUNDS = 15;
const contentHash = 'a'.repeat(64);

/** Papers of statements beside bare pdfkit that draws the same texts at the same places, in the same fonts. */
export const statementPdfs: Benchmark = {
  name: 'statement-pdfs',
  async run(): Promise<readonly Finding[]> {
    const recorded = await recordedTexts();
    insistOnSaid(recorded.steps);
    const comparison = await compareFastest(
      ROUNDS,
      () => timedByProcessorAsync(() => barePaper(recorded)),
      () => timedByProcessorAsync(async () => void (await renderStatementPdf(statement, { contentHash }))),
    );
    return [
      {
        name: `a statement of ${ENTRIES} entries as a PDF`,
        baseline: `bare pdfkit: the ${recorded.texts} texts of the same paper, at the same places, in the same two fonts`,
        subject:
          'renderStatementPdf: words and numbers of its locale, lines broken and measured, rules, feet, the same bytes each time',
        oracle:
          'what is drawn tells the opening, each entry and the closing balance, and the same statement gives the same bytes',
        goal: 1,
        ...comparison,
      },
    ];
  },
};

const chf = (amount: string) => ({ amount, currency: 'CHF' });

const statement: PrintedStatement = {
  id: '01990000-0000-7000-8000-000000000001',
  sender: {
    name: 'Acme Climbing AG',
    address: ['Hallenstrasse 1', '8000 Zürich'],
    taxId: 'CHE-123.456.789',
    registration: null,
    contact: ['desk@acme.example'],
    footer: 'Thank you for climbing with us.',
    logo: null,
  },
  addressee: 'Kim Keller',
  accountId: '01990000-0000-7000-8000-000000000002',
  locale: 'en-CH',
  timeZone: 'Europe/Zurich',
  from: '2026-03-01T00:00:00.000Z',
  to: '2026-04-01T00:00:00.000Z',
  issuedAt: '2026-04-01T00:00:00.000Z',
  opening: chf('12.50'),
  closing: chf(`${12 + ENTRIES}.50`),
  entries: Array.from({ length: ENTRIES }, (_, index): PrintedEntry => ({
    kind: 'charge',
    bookedAt: new Date(Date.UTC(2026, 2, 1 + (index % 30), 9)).toISOString(),
    description: `Locker ${index + 1}, 2026-03-01 to 2026-03-31, in the changing room of the large hall`,
    reference: index % 4 === 0 ? `REF-${index}` : null,
    amount: chf('1.00'),
    balance: chf(`${13 + index}.50`),
  })),
};

type Step =
  | { readonly kind: 'page' }
  | { readonly kind: 'switch'; readonly page: number }
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly font: string;
      readonly size: number;
      readonly x: number;
      readonly y: number;
    };

interface Recorded {
  readonly steps: readonly Step[];
  readonly texts: number;
}

/** What pdfkit is told of the paper's texts while it is rendered once. */
async function recordedTexts(): Promise<Recorded> {
  const steps: Step[] = [];
  const kit = PDFDocument.prototype as unknown as Record<
    'text' | 'addPage' | 'switchToPage' | 'font',
    (...args: never[]) => unknown
  >;
  const { text, addPage, switchToPage, font } = kit;
  let face = '';
  kit.font = function (this: unknown, ...args: never[]) {
    face = String(args[0]);
    return font.apply(this, args);
  };
  kit.addPage = function (this: unknown, ...args: never[]) {
    steps.push({ kind: 'page' });
    return addPage.apply(this, args);
  };
  kit.switchToPage = function (this: unknown, ...args: never[]) {
    steps.push({ kind: 'switch', page: Number(args[0]) });
    return switchToPage.apply(this, args);
  };
  kit.text = function (this: { _fontSize: number }, ...args: never[]) {
    const [said, x, y] = args as unknown as [string, number, number];
    steps.push({ kind: 'text', text: said, font: face, size: this._fontSize, x, y });
    return text.apply(this, args);
  };
  try {
    const once = await renderStatementPdf(statement, { contentHash });
    Object.assign(kit, { text, addPage, switchToPage, font });
    const again = await renderStatementPdf(statement, { contentHash });
    if (!Buffer.from(once).equals(again)) throw new Error('statement-pdfs: the same statement gave other bytes');
  } finally {
    Object.assign(kit, { text, addPage, switchToPage, font });
  }
  return { steps, texts: steps.filter(({ kind }) => kind === 'text').length };
}

const require = createRequire(import.meta.url);
const fontBytes = new Map(
  (['regular', 'bold'] as const).map((weight) => {
    const file = { regular: '400Regular', bold: '700Bold' }[weight];
    const path = require.resolve(`@expo-google-fonts/noto-sans/${file}/NotoSans_${file}.ttf`);
    return [`NotoSans-${weight}`, readFileSync(path)] as const;
  }),
);

async function barePaper({ steps }: Recorded): Promise<void> {
  const paper = new PDFDocument({ size: 'A4', margin: 0, bufferPages: true, autoFirstPage: false });
  const ended = new Promise<number>((resolve) => {
    let bytes = 0;
    paper.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('end', () => resolve(bytes));
  });
  for (const [name, bytes] of fontBytes) paper.registerFont(name, bytes);
  for (const step of steps) {
    if (step.kind === 'page') paper.addPage();
    else if (step.kind === 'switch') paper.switchToPage(step.page);
    else {
      paper.font(step.font).fontSize(step.size);
      paper.text(step.text, step.x, step.y, { lineBreak: false, baseline: 'alphabetic' });
    }
  }
  paper.end();
  if ((await ended) < 1_000) throw new Error('statement-pdfs: the bare paper is empty');
}

function insistOnSaid(steps: readonly Step[]): void {
  const said = steps.map((step) => (step.kind === 'text' ? step.text : '')).join(' ');
  const { opening, closing, entries } = statement;
  const expected = [
    opening.amount,
    closing.amount,
    ...entries.map(({ balance }) => balance.amount),
    ...entries.map((_, index) => `Locker ${index + 1},`),
  ];
  const missing = expected.filter((text) => !said.includes(text));
  if (missing.length > 0) throw new Error(`statement-pdfs: the paper does not tell ${missing.slice(0, 3).join(', ')}`);
}

/** By the processor time of this process, which does nothing else meanwhile. */
async function timedByProcessorAsync(paper: () => Promise<void>): Promise<Turn> {
  const before = process.cpuUsage();
  for (let made = 0; made < PAPERS; made += 1) await paper();
  const { user, system } = process.cpuUsage(before);
  return { units: PAPERS, millis: (user + system) / 1_000 };
}
