import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { moneyToJson, RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, type PdfFile, type Tx } from '@biplane/service-kit';
import { recordAccess } from '../access/index.js';
import { entryJson, listEntries } from '../financials/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { insertMails, sendAgain } from './statement-mail.store.js';
import { StatementMails } from './statement-mails.service.js';
import { StatementPapers } from './statement-papers.service.js';
import { findPaper, findRecipient } from './statement-papers.store.js';
import type { StatementDto, WholeStatementDto } from './statements.dto.js';
import { StatementErrors } from './statements.errors.js';
import { findStatement, findStatementOf, type Statement } from './statements.store.js';

/** Statements as they are shown: the entries of one are those of the journal, which never changes. */
@Injectable()
export class Statements {
  constructor(
    @Inject(StatementPapers) private readonly papers: StatementPapers,
    @Inject(StatementMails) private readonly mails: StatementMails,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Drawn anew each time, the same bytes. Of another member it is unknown. */
  async file(tenant: TenantHandle, id: string, memberId?: string): Promise<PdfFile> {
    const from = await tenant.read(async (reader) => {
      known(id, memberId === undefined ? await findStatement(reader, id) : await findStatementOf(reader, id, memberId));
      return this.papers.drawnFrom(reader, id);
    });
    // Outside the reading: who waits for a drawing holds no connection.
    const bytes = await this.papers.draw(from);
    return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), fileName: `statement-${id}.pdf` };
  }

  /** To the member's present address, whatever became of it before; what waits goes on as it is. */
  async send(tx: Tx, { deploymentId }: TenantHandle, id: string, actor: string): Promise<StatementDto> {
    known(id, await findStatement(tx, id));
    if (typeof (await findPaper(tx, id))?.letterheadVersion !== 'number') {
      throw new RefusalError(StatementErrors.NO_LETTERHEAD({ detail: `Statement ${id} names no sender` }));
    }
    if ((await findRecipient(tx, id)).email === null) {
      throw new RefusalError(StatementErrors.NO_RECIPIENT({ detail: `The member of statement ${id} has no address` }));
    }
    const at = this.clock.now();
    await insertMails(tx, [id], at);
    await sendAgain(tx, id, at);
    await recordAccess(tx, { at, actor, action: 'statement.sent_again', object: `statement:${id}` });
    this.mails.hint(tx, deploymentId);
    return statementJson((await findStatement(tx, id))!);
  }

  async whole(tx: Tx, id: string): Promise<WholeStatementDto> {
    return this.withEntries(tx, known(id, await findStatement(tx, id)));
  }

  /** Of another member it is unknown. */
  async wholeOf(tx: Tx, id: string, memberId: string): Promise<WholeStatementDto> {
    return this.withEntries(tx, known(id, await findStatementOf(tx, id, memberId)));
  }

  private async withEntries(tx: Tx, statement: Statement): Promise<WholeStatementDto> {
    const { accountId, from, to, closing } = statement;
    const entries = await listEntries(tx, accountId, { after: null, take: null, from, to });
    return { ...statementJson(statement), entries: entries.map((entry) => entryJson(entry, closing.currency)) };
  }
}

export function statementJson(statement: Statement): StatementDto {
  const { id, accountId, from, to, opening, closing, issuedAt, sending } = statement;
  return {
    ...{ id, accountId },
    from: from.toISOString(),
    to: to.toISOString(),
    opening: moneyToJson(opening),
    closing: moneyToJson(closing),
    issuedAt: issuedAt.toISOString(),
    sending: sending && { ...sending, sentAt: sending.sentAt?.toISOString() ?? null },
  };
}

function known(id: string, statement: Statement | null): Statement {
  if (statement) return statement;
  throw new RefusalError(StatementErrors.UNKNOWN({ detail: `There is no statement ${id}` }));
}
