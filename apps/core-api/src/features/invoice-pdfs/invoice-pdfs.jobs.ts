import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { JobRunner, UnitOfWork } from '@biplane/service-kit';
import { InvoicePdfs } from './invoice-pdfs.service.js';
import { InvoicePdfsStore } from './invoice-pdfs.store.js';

const EVERY_MS = 2_000;
/** They are drawn one after the other, so it takes few at a time; who asks for one waits for one of them at most. */
const AT_ONCE = 10;
const LEASE_MS = 60_000;
const REST_MAX_MS = 6 * 3_600_000;

/** Makes the papers of what was issued, soon after. */
@Injectable()
export class InvoicePdfJobs implements OnModuleInit {
  private readonly logger = new Logger('InvoicePdfs');

  constructor(
    private readonly jobs: JobRunner,
    private readonly unitOfWork: UnitOfWork,
    private readonly store: InvoicePdfsStore,
    private readonly pdfs: InvoicePdfs,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'invoice-pdfs', everyMs: EVERY_MS, run: (now) => this.run(now) });
  }

  /** One that fails rests for longer each time and holds up no other. */
  async run(now: Date): Promise<void> {
    const until = (ms: number) => new Date(now.getTime() + ms);
    const taken = await this.unitOfWork.run((tx) => this.store.take(tx, now, until(LEASE_MS), AT_ONCE));
    for (const due of taken) {
      try {
        await (due.kind === 'credit_note' ? this.pdfs.creditNote(due.documentId) : this.pdfs.of(due.documentId));
        // Somebody may have asked for it before the job came.
        await this.unitOfWork.run((tx) => this.store.done(tx, due));
      } catch (error) {
        const rest = Math.min(REST_MAX_MS, LEASE_MS * 2 ** Math.min(due.attempts, 10));
        this.logger.error({ err: error, ...due }, 'a PDF could not be made');
        await this.unitOfWork.run((tx) => this.store.rest(tx, due, until(rest)));
      }
    }
  }
}
