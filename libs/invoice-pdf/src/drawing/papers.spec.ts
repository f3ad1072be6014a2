import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, spawnSource } from '@biplane/testing';
import type { PrintedStatement } from '../index.js';
import { renderInvoicePdf, renderStatementPdf } from '../render.entry.js';
import { readLogo } from '../logo/logo.js';
import { plainPng } from '../spec-support/pictures.js';
import { asInvoice, buyer, line, sampleInvoice, usd } from '../spec-support/sample.js';
import { Papers, type DrawingLimits } from './papers.js';

const contentHash = 'a3f5'.repeat(16);
const logo = readLogo(plainPng(120, 40));
const statement = (accountId = 'account'): PrintedStatement => ({
  id: '01990000-0000-7000-8000-000000000001',
  sender: {
    name: 'Ruderclub Zürich',
    address: ['Seestrasse 1'],
    taxId: null,
    registration: null,
    contact: [],
    footer: null,
    logo: logo.ok ? logo.value : null,
  },
  addressee: 'Kim Muster',
  accountId,
  locale: 'de-CH',
  timeZone: 'Europe/Zurich',
  from: '2026-02-28T23:00:00.000Z',
  to: '2026-03-31T22:00:00.000Z',
  issuedAt: '2026-04-01T04:00:00.000Z',
  opening: usd('0.00'),
  closing: usd('0.00'),
  entries: [],
});
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** How often the event loop comes around until the paper is there. */
async function turnsDuring(draw: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDrawn = false;
  const turn = () => {
    turns += 1;
    if (!isDrawn) setImmediate(turn);
  };
  setImmediate(turn);
  await draw();
  isDrawn = true;
  return turns;
}

describe('papers drawn beside the event loop', () => {
  const papers = new Papers();
  afterAll(() => papers.onApplicationShutdown());

  it.each([
    ['en-AU', 'Acme Pty Ltd'],
    ['zh-CN', '上海飞行软件科技有限公司'],
    ['ar-KW', 'شركة الطيران للبرمجيات'],
  ])('are the bytes that are drawn in it: an invoice in %s', async (locale, name) => {
    const document = sampleInvoice({ buyer: buyer({ locale, name }) });
    const options = asInvoice({ deploymentNames: new Map([['web', 'Web (web)']]) });
    const beside = await papers.invoice(document, options);
    expect(hashOf(beside)).toBe(hashOf(await renderInvoicePdf(document, options)));
  });

  it('are the bytes that are drawn in it: a statement with its logo', async () => {
    const beside = await papers.statement(statement(), { contentHash });
    expect(hashOf(beside)).toBe(hashOf(await renderStatementPdf(statement(), { contentHash })));
  });

  it('hold nobody up: the event loop goes on while 500 lines are drawn', async () => {
    const lines = Array.from({ length: 500 }, (_, index) => line({ description: `Meter <${index}>` }));
    const within = await turnsDuring(() => renderInvoicePdf(sampleInvoice({ lines }), asInvoice()));
    const beside = await turnsDuring(() => papers.invoice(sampleInvoice({ lines }), asInvoice()));
    expect(within).toBeLessThan(5);
    expect(beside).toBeGreaterThan(100);
  });

  it('throw what drawing throws, and the next one is drawn', async () => {
    const bad = sampleInvoice({ total: usd('much') });
    await expect(papers.invoice(bad, asInvoice())).rejects.toThrow(/much/);
    const uncopied = { ...sampleInvoice(), format: () => '' };
    await expect(papers.invoice(uncopied, asInvoice())).rejects.toThrow(/could not be cloned/);
    expect((await papers.invoice(sampleInvoice(), asInvoice())).length).toBeGreaterThan(1_000);
  });

  it('keep no process alive, and need no word to end', async () => {
    const input = { document: sampleInvoice(), options: asInvoice() };
    const script = new URL('../spec-support/papers.main.ts', import.meta.url);
    const here = hashOf(await renderInvoicePdf(input.document, input.options));
    expect(await spawnSource(script, input).ended).toEqual({ code: 0, signal: null, output: here });
  });
});

describe('the thread that draws', () => {
  const moody = new URL('../spec-support/moody-thread.mjs', import.meta.url);
  let papers: Papers;
  const start = (limits: Partial<DrawingLimits> = {}): void => {
    papers = new Papers({ thread: moody, ...limits });
  };
  /** Which paper of its thread it is, from 1; or what was refused. */
  const ask = (accountId = 'any') =>
    papers.statement(statement(accountId), { contentHash }).then(
      ([count]) => count,
      ({ failure }) => ({ code: failure.code, detail: failure.detail, retryAfter: failure.retryAfterSeconds }),
    );
  const notDrawn = (detail: string) => ({ code: 'PAPER.NOT_DRAWN', detail, retryAfter: 5 });

  beforeEach(() => start());
  afterEach(() => papers.onApplicationShutdown());

  it.each([
    ['dies', {}, 'Its thread ended'],
    ['throws', {}, 'Its thread ended: a bug outside of any paper'],
    ['throws nothing', {}, 'Its thread ended: null'],
    ['hangs', { drawingMsMax: 2_000 }, 'It took longer than 2000 ms'],
    [
      'fills',
      { heapMbMax: 16 },
      'Its thread ended: Worker terminated due to reaching memory limit: JS heap out of memory',
    ],
  ])('that %s loses its paper alone: those that waited are drawn by another', async (mood, limits, detail) => {
    start(limits);
    expect(await ask()).toBe(1);
    expect(await Promise.all([ask(mood), ask(), ask()])).toEqual([notDrawn(detail), 1, 2]);
  });

  it('draws in the order in which it was asked, and what would wait behind too many is refused', async () => {
    start({ waitingMax: 2 });
    const busy = { code: 'PAPER.BUSY', detail: '2 papers wait already', retryAfter: 5 };
    expect(await Promise.all([ask(), ask(), ask(), ask(), ask()])).toEqual([1, 2, 3, busy, busy]);
    expect(await ask()).toBe(4);
  });

  it('starts with the first paper, and ends when it has rested', async () => {
    const first = (await ask('which')) as number;
    await papers.onApplicationShutdown();
    start();
    start({ idleMs: 1 });
    expect(await ask('which')).toBe(first + 1);
    await eventually(async () => expect(await ask('which')).toBe(first + 2), { everyMs: 50 });
  });

  it('that cannot start fails each paper, and tries again with the next', async () => {
    start({ thread: new URL('../spec-support/is-not-there.mjs', import.meta.url) });
    const why = expect.stringMatching(/^Its thread ended: Cannot find module/);
    for (let tries = 0; tries < 2; tries += 1)
      expect(await ask()).toMatchObject({ code: 'PAPER.NOT_DRAWN', detail: why });
  });

  it('ends with the service: what waits by then is told so, at the latest after its time', async () => {
    start({ stopMsMax: 50 });
    const asked = [ask('waits'), ask(), ask()];
    papers.onModuleDestroy();
    const stopping = notDrawn('The service is stopping');
    expect(await Promise.all(asked)).toEqual([stopping, stopping, stopping]);
    expect(await ask()).toEqual(stopping);
    await papers.onApplicationShutdown();
  });

  it('draws for those who still work while the service stops', async () => {
    papers.onModuleDestroy();
    expect(await Promise.all([ask(), ask()])).toEqual([1, 2]);
    const late = ask('waits');
    await papers.onApplicationShutdown();
    expect(await late).toEqual(notDrawn('The service is stopping'));
  });
});
