// What draws, with pdfkit, fontkit and their fonts: for the drawing thread, tests and benchmarks. A service draws by `Papers` and loads none of it.
export { renderInvoicePdf } from './render.js';
export { renderStatementPdf } from './statement/render.js';
