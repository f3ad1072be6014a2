import { describe, expect, it } from '@jest/globals';
import { answerPdf, type PdfReply } from './pdf-answers.js';

const file = { bytes: Buffer.from('%PDF-'), sha256: 'ab12', fileName: 'INV-2026-000042.pdf' };

function answer(held: string | undefined) {
  const sent: Record<string, string | number> = {};
  const reply: PdfReply = {
    header: (name, value) => ((sent[name] = value), reply),
    status: (code) => ((sent['status'] = code), reply),
  };
  return { stream: answerPdf(file, held, reply), sent };
}

describe('a PDF', () => {
  it.each([undefined, '"cd34"', 'ab12', ''])('is sent whole to who holds %j', (held) => {
    const { stream, sent } = answer(held);
    expect(stream?.getHeaders()).toEqual({
      type: 'application/pdf',
      disposition: 'attachment; filename="INV-2026-000042.pdf"',
      length: 5,
    });
    expect(sent).toEqual({ etag: '"ab12"', 'cache-control': 'private, no-cache' });
  });

  it.each(['"ab12"', 'W/"ab12"', '"cd34", "ab12"', '*'])('is not sent again to who holds %j', (held) => {
    const { stream, sent } = answer(held);
    expect([stream, sent]).toEqual([undefined, { etag: '"ab12"', 'cache-control': 'private, no-cache', status: 304 }]);
  });
});
