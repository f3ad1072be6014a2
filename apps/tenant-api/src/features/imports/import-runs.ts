import { Inject, Injectable } from '@nestjs/common';
import { RefusalError } from '@biplane/kernel';
import type { IdempotentRequest, StoredAnswer, Tx } from '@biplane/service-kit';
import { TenantIdempotency } from '../access/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import type { RowProblem } from './domain/row-problem.js';
import { ImportErrors } from './imports.errors.js';
import type { ImportQuery, ImportReportDto } from './imports.dto.js';

/** What an import came to. */
export interface Imported {
  readonly rows: number;
  readonly added: number;
  readonly unchanged: number;
}

const PROBLEMS_SHOWN = 1_000;

/** Files are taken whole, in one transaction, or not at all; a dry run is the same transaction, rolled back. */
@Injectable()
export class ImportRuns {
  constructor(@Inject(TenantIdempotency) private readonly idempotency: TenantIdempotency) {}

  async run(
    tenant: TenantHandle,
    request: IdempotentRequest,
    { dryRun }: ImportQuery,
    work: (tx: Tx, isRehearsal: boolean) => Promise<Imported>,
  ): Promise<StoredAnswer | ImportReportDto> {
    if (dryRun === 'true') return this.rehearse(tenant, (tx) => work(tx, true));
    return this.idempotency.run(tenant, request, async (tx) => {
      return { status: 200, body: { dryRun: false, ...(await work(tx, false)) } satisfies ImportReportDto };
    });
  }

  private async rehearse(tenant: TenantHandle, work: (tx: Tx) => Promise<Imported>): Promise<ImportReportDto> {
    try {
      return await tenant.run(async (tx): Promise<never> => {
        throw new Rehearsed(await work(tx));
      });
    } catch (error) {
      if (error instanceof Rehearsed) return { dryRun: true, ...error.imported };
      throw error;
    }
  }
}

/** Rolls the transaction back. */
class Rehearsed extends Error {
  constructor(readonly imported: Imported) {
    super('rehearsed');
  }
}

/** Tells all that is wrong with the rows, in the order of their lines; returns when nothing is. */
export function refuseRows(problems: readonly RowProblem[]): void {
  if (problems.length === 0) return;
  const inOrder = [...problems].sort((a, b) => a.line - b.line);
  const detail = `${problems.length} problems, the first at line ${inOrder[0]!.line}`;
  const members = { problems: inOrder.slice(0, PROBLEMS_SHOWN), problemsTotal: problems.length };
  throw new RefusalError(ImportErrors.ROWS_REFUSED({ detail, members }));
}

/** Of an insert that found fewer places free than were seen free. */
export function changedMeanwhile(): RefusalError {
  return new RefusalError(
    ImportErrors.CHANGED_MEANWHILE({ detail: 'Something that the file names was added meanwhile' }),
  );
}
