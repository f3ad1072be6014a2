import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Papers } from '@biplane/invoice-pdf';
import { FieldCipher, JobRunner, UnitOfWork } from '@biplane/service-kit';
import { eventually, ServiceClient, spawnSource, waitFor, type Child } from '@biplane/testing';
import { coreSuite, type CoreSuite } from '../../testing/core-suite.js';
import { runCore } from '../../testing/running-core.js';
import { InvoicePdfs } from './invoice-pdfs.service.js';

interface Row {
  readonly kind: string;
  readonly sha256: string;
  readonly sealed: Uint8Array;
  readonly content_hash: string;
}

const APRIL = '2026-03-31T14:00:00.000Z';
const MAY = '2026-05-02T14:00:00.000Z';
let suite: CoreSuite;
let tenants: string[];
let issued: { id: string; number: string; contentHash: string; tenantId: string }[];
const own = 'tenant-token';

beforeAll(async () => {
  const ownTenant = randomUUID();
  suite = await coreSuite({ startAt: APRIL, clients: { [own]: [`tenant:${ownTenant}`] } });
  // The job of the service would be there first: each test asks for itself.
  await suite.core.app.get(JobRunner).beforeApplicationShutdown();
  tenants = [];
  for (let index = 0; index < 6; index += 1) tenants.push((await suite.tenant()).tenantId);
  await suite.postgres.query('UPDATE deployment SET first_ready_at = created_at');
  suite.core.setClock(MAY);
  await waitFor('the clock', async () => {
    const { now } = (await suite.admin.expect(200, 'GET', '/version')) as { now: string };
    return Date.parse(now) >= Date.parse(MAY);
  });
  issued = [];
  for (const tenantId of tenants) {
    const body = { tenantId, period: '2026-04', action: 'issue' };
    const headers = { 'idempotency-key': randomUUID() };
    const invoice = await suite.admin.expect(201, 'POST', '/api/v1/billing/invoices', body, headers);
    issued.push({ ...(invoice as (typeof issued)[number]), tenantId });
  }
});
const children: Child[] = [];
afterAll(async () => {
  // One that was not hit would keep the suite waiting.
  for (const child of children) child.kill('SIGKILL');
  await suite?.close();
});

const invoice = (index: number) => issued[index] as (typeof issued)[number];
const pathOf = (id: string) => `/api/v1/billing/invoices/${id}/pdf`;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const rowsOf = (id: string) =>
  suite.postgres.query<Row>('SELECT * FROM invoice_pdf WHERE document_id = $1 ORDER BY kind', [id]);

const notePath = (id: string) => `/api/v1/billing/credit-notes/${id}/pdf`;
const fetched = (id: string, headers: Record<string, string> = {}, url = suite.core.url) =>
  fetchedAt(pathOf(id), headers, url);

async function fetchedAt(path: string, headers: Record<string, string> = {}, url = suite.core.url) {
  const client = new ServiceClient(url, { clientId: 'admin', clientSecret: 'admin' });
  const authorization = `Bearer ${await client.accessToken()}`;
  return fetch(`${url}${path}`, { headers: { authorization, ...headers } });
}

describe('the PDF of an invoice', () => {
  it('is made at the first request and the same bytes are answered ever after, with their hash as ETag', async () => {
    const { id, number, contentHash } = invoice(0);
    expect(await rowsOf(id)).toEqual([]);
    const first = await fetched(id);
    const bytes = Buffer.from(await first.arrayBuffer());
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'application/pdf']);
    expect(first.headers.get('content-disposition')).toBe(`attachment; filename="${number}.pdf"`);
    expect(first.headers.get('etag')).toBe(`"${sha256(bytes)}"`);
    expect(bytes.subarray(0, 8).toString()).toBe('%PDF-1.7');
    const again = await fetched(id);
    expect(Buffer.from(await again.arrayBuffer()).equals(bytes)).toBe(true);
    const [row] = await rowsOf(id);
    expect(row).toMatchObject({ kind: 'invoice', sha256: sha256(bytes), content_hash: contentHash });
    const held = await fetched(id, { 'if-none-match': `"other", W/"${sha256(bytes)}"` });
    expect([held.status, await held.text()]).toEqual([304, '']);
  });

  it('of sixteen that ask for it at once, all get the one that is stored', async () => {
    const { id } = invoice(1);
    const answers = await Promise.all(
      Array.from({ length: 16 }, async () => Buffer.from(await (await fetched(id)).arrayBuffer())),
    );
    expect(new Set(answers.map(sha256)).size).toBe(1);
    const rows = await rowsOf(id);
    expect(rows.map((row) => row.sha256)).toEqual([sha256(answers[0] as Buffer)]);
    expect(await suite.postgres.query('SELECT 1 FROM invoice_pdf_due WHERE document_id = $1', [id])).toEqual([]);
  });

  it('is refused for a moment while too many papers wait to be drawn, and made when it is asked again', async () => {
    const { id } = invoice(5);
    const papers = suite.core.app.get(Papers);
    let isFull = true;
    // Of nothing no paper can be drawn, which is told soon: another takes the place of each that was tried.
    const keepPlace = (): Promise<unknown> =>
      papers.invoice({} as never, {} as never).catch((error) => isFull && error.name === 'TypeError' && keepPlace());
    const places = Array.from({ length: 65 }, keepPlace);
    const refused = await fetched(id);
    isFull = false;
    await Promise.all(places);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await refused.json()).toMatchObject({ code: 'PAPER.BUSY' });
    expect((await fetched(id)).status).toBe(200);
  });

  it('is encrypted at rest: nothing of it can be read in the row, nor the row be moved to another document', async () => {
    const { id } = invoice(0);
    const [row] = (await rowsOf(id)) as [Row];
    const clear = Buffer.from(await (await fetched(id)).arrayBuffer());
    const sealed = Buffer.from(row.sealed);
    expect(sealed.includes('%PDF')).toBe(false);
    expect(sealed.includes(clear.subarray(100, 116))).toBe(false);
    const cipher = suite.core.app.get(FieldCipher);
    const place = (of: string) => ({ table: 'invoice_pdf', column: 'sealed', id: `${of}/invoice` });
    expect(cipher.decryptBytes(place(id), sealed).equals(clear)).toBe(true);
    expect(() => cipher.decryptBytes(place(invoice(1).id), sealed)).toThrow();
    const inTheClear = suite.postgres.query(
      `INSERT INTO invoice_pdf SELECT $1::uuid, kind, tenant_id, number, content_hash, sha256, '%PDF-1.7', made_at
         FROM invoice_pdf WHERE document_id = $2`,
      [randomUUID(), id],
    );
    await expect(inTheClear).rejects.toThrow('invoice_pdf_is_sealed');
  });

  it('a field key that is not held is told with its code, and no second PDF is made', async () => {
    const { id } = invoice(0);
    const fieldKey = randomBytes(32).toString('base64');
    const other = await runCore({ databaseUrl: suite.postgres.url, regions: ['eu-1'], startAt: MAY, fieldKey });
    try {
      const answer = await fetched(id, {}, other.url);
      expect([answer.status, (await answer.json()) as object]).toMatchObject([503, { code: 'INVOICE_PDF.UNREADABLE' }]);
      expect(await rowsOf(id)).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  it.each([
    ['changed', `UPDATE invoice_pdf SET sha256 = repeat('0', 64) WHERE document_id = $1`],
    ['exchanged', `UPDATE invoice_pdf SET sealed = '\\x00' WHERE document_id = $1`],
    ['deleted', 'DELETE FROM invoice_pdf WHERE document_id = $1'],
  ])('cannot be %s, whatever SQL says', async (_, sql) => {
    await expect(suite.postgres.query(sql, [invoice(0).id])).rejects.toThrow('a paper that was made is immutable');
  });

  it("another tenant's, an unknown one's and none's are not found", async () => {
    const stranger = new ServiceClient(suite.core.url, { clientId: own, clientSecret: own });
    const asked = [await stranger.get(pathOf(invoice(0).id)), await suite.admin.get(pathOf(randomUUID()))];
    expect(asked.map(({ status, body }) => [status, (body as { code: string }).code])).toEqual([
      [404, 'INVOICE.NOT_FOUND'],
      [404, 'INVOICE.NOT_FOUND'],
    ]);
    expect((await suite.admin.get(pathOf('nonsense'))).status).toBe(400);
  });
});

describe('the PDF of a credit note', () => {
  it('is made for itself, once, and its invoice keeps its own', async () => {
    const { id: invoiceId } = invoice(0);
    const before = (await rowsOf(invoiceId)).map((row) => row.sha256);
    const note = (await suite.admin.expect(
      201,
      'POST',
      `/api/v1/billing/invoices/${invoiceId}/credit-notes`,
      { reason: 'Two days without service', amount: { amount: '5.00', currency: 'USD' } },
      { 'idempotency-key': randomUUID() },
    )) as { id: string; number: string };
    const shown = [await fetchedAt(`/api/v1/billing/credit-notes/${note.id}/pdf`), await fetchedAt(notePath(note.id))];
    const bodies = await Promise.all(shown.map(async (answer) => Buffer.from(await answer.arrayBuffer())));
    expect(shown.map(({ status }) => status)).toEqual([200, 200]);
    expect(shown[0]?.headers.get('content-disposition')).toBe(`attachment; filename="${note.number}.pdf"`);
    expect(new Set(bodies.map(sha256)).size).toBe(1);
    expect((await rowsOf(note.id)).map(({ kind }) => kind)).toEqual(['credit_note']);
    expect((await rowsOf(invoiceId)).map((row) => row.sha256)).toEqual(before);
    const stranger = new ServiceClient(suite.core.url, { clientId: own, clientSecret: own });
    expect(await stranger.get(notePath(note.id))).toMatchObject({
      status: 404,
      body: { code: 'INVOICE.CREDIT_NOTE_NOT_FOUND' },
    });
  });
});

describe('reminders', () => {
  it('each level is made once, with what was open at that moment, beside the invoice', async () => {
    const pdfs = suite.core.app.get(InvoicePdfs);
    const { id, number } = invoice(2);
    const remind = (level: number, at: string) =>
      suite.core.app.get(UnitOfWork).run((tx) => pdfs.reminder(tx, id, level, new Date(at)));
    const first = await remind(1, '2026-05-23T03:00:00Z');
    const second = await remind(2, '2026-05-30T03:00:00Z');
    expect([first.fileName, second.fileName]).toEqual([`${number}-reminder-1.pdf`, `${number}-reminder-2.pdf`]);
    expect(first.sha256).not.toBe(second.sha256);
    expect((await remind(1, '2026-06-30T03:00:00Z')).sha256).toBe(first.sha256);
    expect((await rowsOf(id)).map(({ kind }) => kind)).toEqual(['reminder_1', 'reminder_2']);
  });

  it('one whose transaction is rolled back was never made', async () => {
    const pdfs = suite.core.app.get(InvoicePdfs);
    const { id } = invoice(3);
    const failed = suite.core.app.get(UnitOfWork).run(async (tx) => {
      await pdfs.reminder(tx, id, 1, new Date(MAY));
      throw new Error('the mail was not written');
    });
    await expect(failed).rejects.toThrow('the mail was not written');
    expect(await rowsOf(id)).toEqual([]);
  });
});

const server = new URL('../../testing/core-server.main.ts', import.meta.url);

describe('core-api killed', () => {
  it('between drawing and storing leaves the PDF due, and the next process makes it by itself', async () => {
    const { id } = invoice(4);
    const due = () => suite.postgres.query('SELECT 1 FROM invoice_pdf_due WHERE document_id = $1', [id]);
    expect(await due()).toHaveLength(1);
    const options = { databaseUrl: suite.postgres.url, regions: ['eu-1'], fieldKey: suite.core.fieldKey };
    const faults = { FAULT_POINTS: 'invoice_pdf_after_render_before_store' };
    const child = spawnSource(server, { ...options, startAt: '2026-05-02T14:30:00.000Z' }, faults);
    children.push(child);
    const end = await child.ended;
    expect(end).toMatchObject({ signal: 'SIGKILL' });
    expect(await due()).toHaveLength(1);
    expect(await rowsOf(id)).toEqual([]);

    // Behind the lease of the one that died.
    const next = await runCore({ ...options, startAt: '2026-05-02T15:30:00.000Z' });
    try {
      await eventually(async () => expect(await due()).toEqual([]), { deadlineMs: 60_000 });
      const [row] = (await rowsOf(id)) as [Row];
      const shown = await fetched(id);
      expect(sha256(Buffer.from(await shown.arrayBuffer()))).toBe(row.sha256);
    } finally {
      await next.close();
    }
  });
});
