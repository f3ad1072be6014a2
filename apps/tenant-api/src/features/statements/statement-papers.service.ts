import { createHash } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Papers, type PrintedEntry, type PrintedStatement } from '@biplane/invoice-pdf';
import type { Tx } from '@biplane/service-kit';
import { Letterheads } from '../letterhead/index.js';
import { MembersService } from '../members/index.js';
import { sealedContent, type StatementContent } from './domain/statement-content.js';
import {
  findPaper,
  findRecipient,
  findSealable,
  forgetAddressee,
  insertPapers,
  type Sealable,
  type StatementPaper,
} from './statement-papers.store.js';

/** A paper as it is drawn, and the hash of what was sealed, which stands on it. */
export interface DrawnFrom {
  readonly printed: PrintedStatement;
  readonly contentHash: string;
}

export interface SealedPapers {
  /** Null when the tenant had none. */
  readonly letterheadVersion: number | null;
  readonly statements: readonly Pick<Sealable, 'id' | 'hasAddress'>[];
}

/** Where nobody has said how papers are written. */
const PLAIN = { sender: null, locale: 'en', timeZone: 'UTC' } as const;

/** Statements on paper: sealed when they are made, and drawn from that alone, as often as somebody asks. */
@Injectable()
export class StatementPapers implements OnModuleInit {
  constructor(
    @Inject(Letterheads) private readonly letterheads: Letterheads,
    @Inject(MembersService) private readonly members: MembersService,
    @Inject(Papers) private readonly papers: Papers,
  ) {}

  onModuleInit(): void {
    this.members.onErase((tx, memberId) => forgetAddressee(tx, memberId));
  }

  /** In the transaction that made them; under the letterhead of that moment. */
  async seal(tx: Tx, ids: readonly string[]): Promise<SealedPapers> {
    const letterheadVersion = await this.letterheads.versionNow(tx);
    const statements = await findSealable(tx, ids);
    const papers = statements.map((statement) => ({
      id: statement.id,
      ...sealed(statement),
      addressee: statement.addressee,
    }));
    await insertPapers(tx, papers, letterheadVersion);
    return { letterheadVersion, statements };
  }

  /** What the statement's paper is drawn from: the same whenever it is asked. */
  async drawnFrom(reader: Tx, id: string): Promise<DrawnFrom> {
    const paper = (await findPaper(reader, id)) ?? (await this.unsealed(reader, id));
    const { content, contentHash, letterheadVersion, addressee } = paper;
    if (hashOf(content) !== contentHash) throw new Error(`Statement ${id} is not what was sealed`);
    const head = letterheadVersion === null ? PLAIN : await this.letterheads.asPrinted(reader, letterheadVersion);
    const { accountId, from, to, issuedAt, opening, closing, entries } = JSON.parse(content) as StatementContent;
    const name = addressee ?? (await findRecipient(reader, id)).memberId;
    return {
      printed: {
        ...{ id, accountId, from, to, issuedAt, opening, closing },
        ...head,
        addressee: name,
        entries: entries as readonly PrintedEntry[],
      },
      contentHash,
    };
  }

  draw({ printed, contentHash }: DrawnFrom): Promise<Uint8Array> {
    return this.papers.statement(printed, { contentHash });
  }

  /** Of a release that sealed none: the journal never changes, so it is the same all the same. It names nobody. */
  private async unsealed(reader: Tx, id: string): Promise<StatementPaper> {
    const [statement] = await findSealable(reader, [id]);
    return { ...sealed(statement!), letterheadVersion: null, addressee: null };
  }
}

function sealed(statement: Sealable): { readonly content: string; readonly contentHash: string } {
  const content = sealedContent(statement, statement.entries);
  return { content, contentHash: hashOf(content) };
}

const hashOf = (content: string): string => createHash('sha256').update(content).digest('hex');
