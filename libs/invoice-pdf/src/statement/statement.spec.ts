import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { readLogo } from '../logo/logo.js';
import { plainPng } from '../spec-support/pictures.js';
import { readPdf } from '../spec-support/read-pdf.js';
import type { PrintedSender, PrintedStatement } from './printed-statement.js';
import { statementLetter } from './letter.js';
import { renderStatementPdf } from './render.js';

const francs = (amount: string) => ({ amount, currency: 'CHF' });
const contentHash = 'a3f5'.repeat(16);
const logo = readLogo(plainPng(120, 40));
const sender: PrintedSender = {
  name: 'Ruderclub Zürich',
  address: ['Seestrasse 1', '8002 Zürich'],
  taxId: 'CHE-111.222.333',
  registration: 'CH-020.3.000.000-0',
  contact: ['kasse@ruderclub.example', '+41 44 000 00 00'],
  footer: 'Zahlbar innert 30 Tagen.',
  logo: logo.ok ? logo.value : null,
};
const statement = (over: Partial<PrintedStatement> = {}): PrintedStatement => ({
  id: '01990000-0000-7000-8000-000000000001',
  sender,
  addressee: 'Kim Muster',
  accountId: '01990000-0000-7000-8000-000000000002',
  locale: 'en-GB',
  timeZone: 'Europe/Zurich',
  from: '2026-02-28T23:00:00.000Z',
  to: '2026-03-31T22:00:00.000Z',
  issuedAt: '2026-04-01T04:00:00.000Z',
  opening: francs('12.00'),
  closing: francs('1043.00'),
  entries: [
    { kind: 'charge', bookedAt: '2026-03-01T08:00:00.000Z', description: 'Locker', reference: null, amount: francs('1051.00'), balance: francs('1063.00') },
    { kind: 'payment', bookedAt: '2026-03-31T21:59:00.000Z', description: 'Bank', reference: 'REF 77', amount: francs('-20.00'), balance: francs('1043.00') },
  ],
  ...over,
}); // prettier-ignore
const draw = (over: Partial<PrintedStatement> = {}) => renderStatementPdf(statement(over), { contentHash });
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('the paper of a statement', () => {
  it('says what it began with, each entry with its balance, what it ends with, from whom and for whom', async () => {
    const { text, pages, info } = await readPdf(await draw());
    expect(pages).toBe(1);
    for (const said of [
      'Statement of account', 'Ruderclub Zürich', 'Seestrasse 1', 'Tax ID: CHE-111.222.333', 'Registration: CH-020.3.000.000-0',
      'kasse@ruderclub.example', 'Zahlbar innert 30 Tagen.', 'Kim Muster', '1 March 2026 – 31 March 2026',
      'Opening balance 12.00', 'Charge: Locker 1,051.00 1,063.00', 'Payment: Bank −20.00 1,043.00 REF 77',
      'Closing balance 1,043.00', 'CHF 1,043.00', 'This is what you owe.', '31 March 2026 Payment', `SHA-256 ${contentHash}`,
    ]) expect(text).toContain(said); // prettier-ignore
    expect(info).toMatchObject({ Author: 'Ruderclub Zürich', CreationDate: 'D:20260401040000Z', Language: 'en' });
  });

  it('is the same bytes each time, its logo inside', async () => {
    const [first, again, bare] = [await draw(), await draw(), await draw({ sender: { ...sender, logo: null } })];
    expect(hashOf(again)).toBe(hashOf(first));
    expect(Buffer.from(first).toString('latin1')).toContain('/Subtype /Image');
    expect(Buffer.from(bare).toString('latin1')).not.toContain('/Subtype /Image');
  });

  it.each([
    ['nothing is owed', '0.00', 'There is nothing to pay.'],
    ['the member is owed', '-3.00', 'This stands in your favor.'],
  ])('when %s it says so', async (_, amount, said) => {
    const { text } = await readPdf(await draw({ closing: francs(amount), entries: [] }));
    expect(text).toContain(said);
    expect(text).toContain('Nothing was booked in this period.');
  });

  it.each([
    ['de-CH', 'Kontoauszug', '1’043.00', '1. März 2026'],
    ['el', 'Κίνηση λογαριασμού', '1.043,00', '1 Μαρτίου 2026'],
    ['ja', '取引明細書', '1,043.00', '2026 年 3 月 1 日'],
  ])('in %s it speaks that language: %s', async (locale, title, amount, day) => {
    const { text } = await readPdf(await draw({ locale }));
    for (const said of [title, amount, day]) expect(text).toContain(said);
  });

  it('in Arabic it is drawn from the right', async () => {
    const { info, pages } = await readPdf(await draw({ locale: 'ar-EG' }));
    expect([info['Language'], pages]).toEqual(['ar', 1]);
  });

  it('120 entries: each on some page, under repeated heads, above the foot', async () => {
    const entries = Array.from({ length: 120 }, (_, index) => ({
      ...statement().entries[0]!,
      description: `Turn <${index}>`,
    }));
    const { pages, texts, text, lowest } = await readPdf(await draw({ entries }));
    expect(pages).toBeGreaterThan(2);
    for (const { description } of entries) expect(text).toContain(description);
    texts.forEach((page, index) => {
      expect(page).toContain(`Page ${index + 1} of ${pages}`);
      expect(page).toMatch(/Date.*Description.*Amount \(CHF\).*Balance/);
    });
    expect(Math.min(...lowest)).toBeGreaterThan(50);
  });

  it('names that are long or strange are cut and drawn, whatever is in them', async () => {
    const hostile = { name: '\u202Eevil\n'.repeat(300), address: Array.from({ length: 50 }, () => 'x'.repeat(900)) };
    const { pages } = await readPdf(await draw({ sender: { ...sender, ...hostile }, addressee: '(('.repeat(600) }));
    expect(pages).toBeLessThanOrEqual(2);
  });

  it('without a letterhead it names no sender', async () => {
    const { text } = await readPdf(await draw({ sender: null }));
    expect(text).toContain('Kim Muster');
    expect(text).not.toContain('Ruderclub');
  });

  it('comes with a mail in its language', () => {
    expect(statementLetter(statement({ locale: 'de' }), 'Ruderclub Zürich')).toEqual({
      subject: 'Kontoauszug · 1. März 2026 – 31. März 2026 · Ruderclub Zürich',
      text: 'Im Anhang finden Sie Ihren Kontoauszug bei Ruderclub Zürich, 1. März 2026 bis 31. März 2026.\n',
    });
  });
});
