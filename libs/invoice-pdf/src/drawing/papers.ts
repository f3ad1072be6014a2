import { Worker } from 'node:worker_threads';
import { RefusalError } from '@biplane/kernel';
import type { PaperOptions, PrintedDocument } from '../printed-document.js';
import type { PrintedStatement } from '../statement/printed-statement.js';
import type { Drawn, Order } from './order.js';
import { PaperErrors } from './paper.errors.js';

export interface DrawingLimits {
  /** The script of the thread. */
  readonly thread: URL;
  /** Papers that wait for the thread; one more is refused. */
  readonly waitingMax: number;
  /** For one paper, the start of the thread included. */
  readonly drawingMsMax: number;
  /** A thread that draws nothing for so long ends. */
  readonly idleMs: number;
  /** Of the thread's heap. Fonts are read into memory beside it. */
  readonly heapMbMax: number;
  /** From the first word of the service's stop to the end of the thread, whatever still waits. */
  readonly stopMsMax: number;
}

const LIMITS: DrawingLimits = {
  thread: new URL(import.meta.resolve('#drawing-thread')),
  waitingMax: 64,
  drawingMsMax: 30_000,
  idleMs: 60_000,
  heapMbMax: 256,
  stopMsMax: 10_000,
};

const RETRY_SECONDS = 5;

interface Asked {
  readonly order: Order;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Draws papers beside the event loop: in one thread, one after the other, in the order in which they are asked. The thread starts
 * with the first paper. One that dies takes the paper with it that it was drawing; the next paper starts another.
 *
 * A provider of a Nest module as it is: Nest calls `onModuleDestroy` and `onApplicationShutdown`.
 */
export class Papers {
  private readonly limits: DrawingLimits;
  private readonly waiting: Asked[] = [];
  private thread: Worker | null = null;
  private drawing: Asked | null = null;
  /** Cuts the paper that is being drawn. */
  private cut: NodeJS.Timeout | undefined;
  /** Ends the thread that rests. */
  private rest: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(limits: Partial<DrawingLimits> = {}) {
    this.limits = { ...LIMITS, ...limits };
  }

  /** As `renderInvoicePdf`: the same bytes, the same errors; besides them `PAPER.BUSY` and `PAPER.NOT_DRAWN`. */
  invoice(document: PrintedDocument, options: PaperOptions): Promise<Uint8Array> {
    return this.draw({ kind: 'invoice', document, options });
  }

  /** As `renderStatementPdf`, likewise. */
  statement(statement: PrintedStatement, { contentHash }: { readonly contentHash: string }): Promise<Uint8Array> {
    return this.draw({ kind: 'statement', statement, contentHash });
  }

  /** The service begins to stop: who still works may have papers drawn, for a while. */
  onModuleDestroy(): void {
    setTimeout(() => void this.stop(), this.limits.stopMsMax).unref();
  }

  /** Nobody works any more. */
  async onApplicationShutdown(): Promise<void> {
    await this.stop();
  }

  private draw(order: Order): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const { waitingMax } = this.limits;
      if (this.isStopped) return reject(notDrawn('The service is stopping'));
      if (this.waiting.length >= waitingMax) return reject(busy(`${waitingMax} papers wait already`));
      this.waiting.push({ order, resolve, reject });
      this.drawNext();
    });
  }

  private drawNext(): void {
    if (this.drawing !== null) return;
    const next = this.waiting.shift();
    if (next === undefined) return this.takeRest();
    const { drawingMsMax } = this.limits;
    const thread = (this.thread ??= this.start());
    clearTimeout(this.rest);
    thread.ref();
    try {
      thread.postMessage(next.order);
    } catch (error) {
      // What cannot be copied is a bug of the caller, and harms no other paper.
      next.reject(error);
      return this.drawNext();
    }
    this.drawing = next;
    this.cut = setTimeout(() => {
      this.lose(thread, `It took longer than ${drawingMsMax} ms`);
      void thread.terminate();
    }, drawingMsMax);
  }

  private start(): Worker {
    const { thread: script, heapMbMax } = this.limits;
    const thread = new Worker(script, { resourceLimits: { maxOldGenerationSizeMb: heapMbMax } });
    let why = 'Its thread ended';
    thread.on('message', (answer: Drawn) => {
      if (thread === this.thread) this.answer(answer);
    });
    // Whatever was thrown there: not always an error.
    thread.on(
      'error',
      (thrown: Partial<Error> | null) => (why = `Its thread ended: ${thrown?.message ?? String(thrown)}`),
    );
    thread.on('exit', () => this.lose(thread, why));
    return thread;
  }

  private answer(answer: Drawn): void {
    const drawn = this.drawing;
    this.forgetDrawing();
    if ('bytes' in answer) drawn?.resolve(answer.bytes);
    else drawn?.reject(answer.error);
    this.drawNext();
  }

  /** One that was given up before it ended is lost already. */
  private lose(thread: Worker, why: string): void {
    if (thread !== this.thread) return;
    this.thread = null;
    this.drawing?.reject(notDrawn(why));
    this.forgetDrawing();
    this.drawNext();
  }

  private forgetDrawing(): void {
    clearTimeout(this.cut);
    this.drawing = null;
  }

  /** It keeps no process alive meanwhile. */
  private takeRest(): void {
    const { thread } = this;
    if (thread === null) return;
    thread.unref();
    this.rest = setTimeout(() => {
      this.thread = null;
      void thread.terminate();
    }, this.limits.idleMs);
    this.rest.unref();
  }

  private async stop(): Promise<void> {
    this.isStopped = true;
    const { thread, drawing } = this;
    this.thread = null;
    this.forgetDrawing();
    clearTimeout(this.rest);
    for (const { reject } of [...(drawing === null ? [] : [drawing]), ...this.waiting.splice(0)]) {
      reject(notDrawn('The service is stopping'));
    }
    await thread?.terminate();
  }
}

const busy = (detail: string) => new RefusalError(PaperErrors.BUSY({ detail, retryAfterSeconds: RETRY_SECONDS }));

const notDrawn = (detail: string) =>
  new RefusalError(PaperErrors.NOT_DRAWN({ detail, retryAfterSeconds: RETRY_SECONDS }));
