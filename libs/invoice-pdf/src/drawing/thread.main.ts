import { parentPort } from 'node:worker_threads';
import { renderInvoicePdf } from '../render.js';
import { renderStatementPdf } from '../statement/render.js';
import type { Drawn, Order } from './order.js';

// Draws what it is told, one paper after the other. Fonts stay open from paper to paper: `openFonts` parses each once a thread.
parentPort!.on('message', (order: Order) => {
  void drawn(order).then((answer) => parentPort!.postMessage(answer));
});

async function drawn(order: Order): Promise<Drawn> {
  try {
    return { bytes: await draw(order) };
  } catch (error) {
    return { error };
  }
}

function draw(order: Order): Promise<Uint8Array> {
  return order.kind === 'invoice'
    ? renderInvoicePdf(order.document, order.options)
    : renderStatementPdf(order.statement, { contentHash: order.contentHash });
}
