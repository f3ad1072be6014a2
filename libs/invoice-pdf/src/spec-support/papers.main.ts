import { createHash } from 'node:crypto';
import { Papers, type PaperOptions, type PrintedDocument } from '../index.js';

// Draws one paper beside its event loop, says its hash, and ends by itself: nothing is stopped.
const { document, options } = JSON.parse(process.argv.at(-1) ?? '{}') as {
  document: PrintedDocument;
  options: PaperOptions;
};
const bytes = await new Papers().invoice(document, options);
process.stdout.write(createHash('sha256').update(bytes).digest('hex'));
