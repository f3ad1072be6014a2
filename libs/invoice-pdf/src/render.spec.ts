import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { spawnSource } from '@biplane/testing';
import type { PrintedDocument } from './index.js';
import { renderInvoicePdf } from './render.entry.js';
import { fontsOf, readPdf } from './spec-support/read-pdf.js';
import { asInvoice, buyer, line, sampleInvoice, usd } from './spec-support/sample.js';

const WORLD = [
  ['en-AU', 'Acme Pty Ltd'],
  ['zh-CN', '上海飞行软件科技有限公司'],
  ['el-GR', 'Ελληνική Αεροπορία Α.Ε.'],
  ['ar-KW', 'شركة الطيران للبرمجيات'],
  ['uk-UA', 'ТОВ «Літак і небо»'],
  ['ko-KR', '서울 소프트웨어'],
  ['he-IL', 'חברת תעופה'],
] as const;

const papers = WORLD.map(([locale, name]) => ({
  document: sampleInvoice({ buyer: buyer({ locale, name }) }),
  options: asInvoice(),
}));
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const draw = (document: PrintedDocument, options = asInvoice()) => renderInvoicePdf(document, options);

describe('the bytes of a paper', () => {
  it('are the same in every process, zone, language and order of papers', async () => {
    const script = new URL('./spec-support/render.main.ts', import.meta.url);
    const here: string[] = [];
    for (const { document, options } of papers) here.push(hashOf(await renderInvoicePdf(document, options)));
    const elsewhere = { TZ: 'Pacific/Kiritimati', LANG: 'ar_EG.UTF-8', LC_ALL: 'ar_EG.UTF-8' };
    const { code, output } = await spawnSource(script, [...papers].reverse(), elsewhere).ended;
    expect({ code, hashes: output.trim().split('\n').reverse() }).toEqual({ code: 0, hashes: here });
    expect(new Set(here).size).toBe(papers.length);
  });

  it('bear the date and the identity of the document, and not of the moment', async () => {
    const bytes = await draw(sampleInvoice());
    const { info, fingerprint } = await readPdf(bytes);
    expect(info).toMatchObject({ CreationDate: 'D:20260501030000Z', Title: 'Invoice INV-2026-000042', Language: 'en' });
    const same = await readPdf(await draw(sampleInvoice({ total: usd('70.65') })));
    expect(same.fingerprint).toBe(fingerprint);
    const other = await readPdf(await draw(sampleInvoice(), asInvoice({ contentHash: 'b'.repeat(64) })));
    expect(other.fingerprint).not.toBe(fingerprint);
  });

  it.each(WORLD)('hold every font that a paper in %s needs, and none that is not inside', async (_, name) => {
    const { names, embedded } = fontsOf(await draw(sampleInvoice({ buyer: buyer({ name }) })));
    expect(names.length).toBeGreaterThan(0);
    // A font of type 0 and its descendant bear the same name; each has one file.
    expect(new Set(names).size).toBe(embedded);
    expect(names.filter((font) => !/^[A-Z]{6}\+(NotoSans|Vazirmatn)/.test(font))).toEqual([]);
  });
});

describe('what a paper says', () => {
  it('golden bill 1: every line, tax and total, issuer, buyer, dates and how to pay', async () => {
    const { text, pages } = await readPdf(await draw(sampleInvoice()));
    expect(pages).toBe(1);
    for (const said of [
      'Invoice', 'INV-2026-000042', 'Biplane GmbH', '1 Runway Road', '8001 Zürich', 'Tax ID: CHE-123.456.789',
      'Acme Pty Ltd', '12 Queen Street', 'Tax ID: ABN 51 824 753 556', '1 May 2026', '15 May 2026',
      '1 April 2026 – 30 April 2026', 'Studio, base fee', 'Storage 50 GB', 'Droplet hours, above what is included',
      '672', '0.01', '6.72', 'Subtotal USD 64.22', 'GST 10% USD 6.42', 'Total USD 70.64', 'Amount due', 'IBAN: CH93',
      'Please pay by 15 May 2026', 'Page 1 of 1', `SHA-256 ${'a3f5'.repeat(16)}`,
    ]) expect(text).toContain(said); // prettier-ignore
  });

  it.each([
    ['JPY', '375', 'JPY 375'],
    ['KWD', '1.001', 'KWD 1.001'],
    ['USD', '99999999999999999.99', 'USD 99,999,999,999,999,999.99'],
  ])('amounts of %s digit for digit: %s', async (currency, amount, said) => {
    const total = { amount, currency };
    const document = sampleInvoice({ currency, total, subtotal: total, taxes: [], lines: [line({ amount: total })] });
    expect((await readPdf(await draw(document))).text).toContain(`Total ${said}`);
  });

  it('130 lines: each on some page, under repeated heads, pages counted, the total once', async () => {
    const lines = Array.from({ length: 130 }, (_, index) =>
      line({
        description: `Meter <${index}>`,
        deployment: index < 70 ? 'web' : 'analytics',
        amount: usd(`${index}.07`),
      }),
    );
    const { pages, texts, text } = await readPdf(await draw(sampleInvoice({ lines })));
    expect(pages).toBeGreaterThan(3);
    lines.forEach(({ description, amount }) => {
      expect(text).toContain(description);
      expect(text).toContain(amount.amount);
    });
    texts.forEach((page, index) => {
      expect(page).toContain(`Page ${index + 1} of ${pages}`);
      if (page.includes('Meter <')) expect(page).toMatch(/Description .*Unit price .*Deployment: (web|analytics)/);
    });
    expect(text.split('Total USD 70.64')).toHaveLength(2);
  });

  it('late usage under the month in which it was used', async () => {
    const march = { from: '2026-02-28T14:00:00.000Z', to: '2026-03-31T14:00:00.000Z' };
    const late = line({ kind: 'adjustment', description: 'Requests, late', period: march, amount: usd('-2.41') });
    const { text } = await readPdf(await draw(sampleInvoice({ lines: [late] })));
    expect(text).toMatch(/−2\.41 March 2026/);
  });

  it('reverse charge and provisional usage in words', async () => {
    const taxes = [{ code: 'VAT', rate: '0', base: usd('64.22'), amount: usd('0.00'), reverseCharge: true }];
    const { text } = await readPdf(await draw(sampleInvoice({ taxes, provisional: true })));
    expect(text).toContain('VAT 0% USD 0.00');
    expect(text).toContain('Reverse charge: the recipient of the service owes the tax.');
    expect(text).toContain('had not arrived yet');
  });

  it('what of the balance was used, and what is left to pay', async () => {
    const settlement = { creditApplied: usd('20.00'), paid: null, credited: null, amountDue: usd('50.64') };
    const { text } = await readPdf(await draw(sampleInvoice(), asInvoice({ settlement })));
    expect(text).toMatch(/Total USD 70\.64 Credit applied USD −20\.00 Amount due USD 50\.64/);
  });

  it('a negative total: nothing to pay, and what becomes of it', async () => {
    const settlement = { creditApplied: null, paid: null, credited: null, amountDue: usd('0.00') };
    const document = sampleInvoice({ total: usd('-5.00') });
    const { text } = await readPdf(await draw(document, asInvoice({ settlement })));
    expect(text).toContain('credited to your account');
    expect(text).not.toContain('Please pay');
  });

  it('a reminder: its level, its date, what is open now', async () => {
    const paper = { kind: 'reminder', level: 2, at: '2026-05-29T03:00:00.000Z' } as const;
    const settlement = { creditApplied: null, paid: usd('10.00'), credited: usd('0.64'), amountDue: usd('60.00') };
    const { text, info } = await readPdf(await draw(sampleInvoice(), asInvoice({ paper, settlement })));
    expect(text).toContain('Reminder 2: our invoice INV-2026-000042 was due on 15 May 2026 and is still open.');
    expect(text).toMatch(/Credit note USD −0\.64 Paid USD −10\.00 Amount due USD 60\.00/);
    expect([info['Title'], info['CreationDate']]).toEqual(['Reminder 2 INV-2026-000042', 'D:20260529030000Z']);
  });

  it('a credit note: what it corrects, and no request for money', async () => {
    const paper = {
      kind: 'credit_note',
      corrects: 'INV-2026-000042',
      reason: 'Two days without service',
      deducted: usd('60.00'),
      toBalance: usd('10.64'),
    } as const;
    const { text } = await readPdf(await draw(sampleInvoice({ number: 'CN-2026-000003' }), asInvoice({ paper })));
    expect(text).toContain('Credit note CN-2026-000003');
    expect(text).toContain('Corrects invoice INV-2026-000042');
    expect(text).toMatch(/Total USD 70\.64 Deducted from the invoice USD 60\.00 Added to your balance USD 10\.64/);
    expect(text).toContain('Reason: Two days without service');
    expect(text).not.toContain('Please pay');
  });
});
