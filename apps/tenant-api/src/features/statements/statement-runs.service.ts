import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { mayDo, RunWork, type Run, type Turned } from '../billing-jobs/index.js';
import { LicenseKeeper } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { StatementMails } from './statement-mails.service.js';
import { StatementPapers } from './statement-papers.service.js';
import { hasDueAccounts, insertSkipped, insertStatements, lockDueAccounts, type Issue } from './statements.store.js';

const ACTION = 'financials:statement_runs';
const ACCOUNTS_MAX = 200;

/**
 * Runs of `statements`: each account is told what was booked until the run's turn, if the license allows it at that
 * moment; what is told is sealed, and marked to be sent, in the same transaction.
 */
@Injectable()
export class StatementRuns implements OnModuleInit {
  constructor(
    @Inject(RunWork) private readonly work: RunWork,
    @Inject(LicenseKeeper) private readonly licenses: LicenseKeeper,
    @Inject(StatementPapers) private readonly papers: StatementPapers,
    @Inject(StatementMails) private readonly mails: StatementMails,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  onModuleInit(): void {
    this.work.register('statements', (tx, tenant, run) => this.settle(tx, tenant, run));
  }

  private async settle(tx: Tx, { deploymentId }: TenantHandle, run: Run): Promise<Turned> {
    const ask = mayDo(this.licenses, deploymentId, ACTION);
    const due = await lockDueAccounts(tx, run.id, run.dueAt, ACCOUNTS_MAX);
    const issues: Issue[] = [];
    const skipped = [];
    for (const { id, from } of due) {
      const answer = ask();
      if (answer.allowed) {
        issues.push({ id: this.ids.uuid(), accountId: id, from, licenseVersion: answer.licenseVersion });
      } else {
        skipped.push({ accountId: id, reason: answer.reason, licenseVersion: answer.licenseVersion });
      }
    }
    const common = { to: run.dueAt, runId: run.id, at: this.clock.now() };
    await insertStatements(tx, issues, common);
    if (issues.length > 0) {
      const sealed = await this.papers.seal(tx, issues.map(({ id }) => id)); // prettier-ignore
      await this.mails.mark(tx, deploymentId, sealed);
    }
    await insertSkipped(tx, skipped, common);
    faultPoint('billing_run.after_statements');
    return {
      done: issues.length,
      skipped: skipped.length,
      isDone: !(await hasDueAccounts(tx, run.id, run.dueAt)),
    };
  }
}
