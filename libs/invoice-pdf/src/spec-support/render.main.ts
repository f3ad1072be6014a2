import { createHash } from 'node:crypto';
import type { PaperOptions, PrintedDocument } from '../index.js';
import { renderInvoicePdf } from '../render.js';

// Draws each of these papers and says the hash of each: what a process of its own, elsewhere in the world, makes of them.
const papers = JSON.parse(process.argv.at(-1) ?? '[]') as { document: PrintedDocument; options: PaperOptions }[];
for (const { document, options } of papers) {
  const bytes = await renderInvoicePdf(document, options);
  process.stdout.write(`${createHash('sha256').update(bytes).digest('hex')}\n`);
}
