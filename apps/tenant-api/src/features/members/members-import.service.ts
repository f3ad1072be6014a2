import { Inject, Injectable } from '@nestjs/common';
import { err, ok, type Clock, type Result } from '@biplane/kernel';
import { CLOCK, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { recordAccesses } from '../access/index.js';
import {
  bodyProblems,
  changedMeanwhile,
  readCsv,
  readRows,
  refuseRows,
  type CsvRow,
  type Imported,
  type RowProblem,
} from '../imports/index.js';
import { LevelGate } from '../limits/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { planMembers, type MemberRow } from './import-plan.js';
import { InviteMemberBody } from './members.dto.js';
import { RECORDS, type NewMember } from './members.service.js';
import { findMembersLike, insertMembers } from './members.store.js';

export const MEMBER_COLUMNS = ['email', 'name', 'role', 'externalId'] as const;
type Column = (typeof MEMBER_COLUMNS)[number];

/** What a file says of members, read and checked as far as that goes without the database. */
export interface MemberFile {
  readonly rows: readonly (NewMember & MemberRow)[];
  readonly problems: readonly RowProblem[];
}

/** Members from a file: all of it or nothing. They are invited one by one later; until then none can sign in. */
@Injectable()
export class MembersImport {
  constructor(
    @Inject(LevelGate) private readonly levels: LevelGate,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** Refuses with `IMPORT.*` what is no file of members at all. */
  async read(text: string): Promise<MemberFile> {
    const { rows, problems } = readCsv(text, MEMBER_COLUMNS);
    const read = await readRows(rows, memberOf);
    return { rows: read.good, problems: [...problems, ...read.problems] };
  }

  /** The license has room for all that are new, or none is added. A rehearsal does not count as an attempt. */
  async run(
    tx: Tx,
    tenant: TenantHandle,
    file: MemberFile,
    by: { readonly actor: string; readonly isRehearsal: boolean },
  ): Promise<Imported> {
    const known = await findMembersLike(tx, file.rows);
    const { add, unchanged, problems } = planMembers(file.rows, known);
    refuseRows([...file.problems, ...problems]);
    if (add.length > 0) {
      const use = { meter: RECORDS.meter, quantity: String(add.length) };
      if (by.isRehearsal) await this.levels.rehearse(tx, tenant, RECORDS.action, use);
      else await this.levels.take(tx, tenant, RECORDS.action, use);
    }
    const at = this.clock.now();
    const members = add.map(({ email, name, role, externalId }) => ({
      ...{ id: this.ids.uuid(), email, name, role, externalId },
    }));
    if ((await insertMembers(tx, members, at)) < members.length) throw changedMeanwhile();
    const objects = members.map(({ id }) => `member:${id}`);
    await recordAccesses(tx, { at, actor: by.actor, action: 'member.imported' }, objects);
    return { rows: file.rows.length, added: add.length, unchanged };
  }
}

/** By the rules of an invitation. */
function memberOf({ line, cells }: CsvRow<Column>): Result<NewMember, readonly RowProblem[]> {
  const { email, name, role, externalId } = cells;
  const body = { email, role, ...(name !== '' && { name }), ...(externalId !== '' && { externalId }) };
  const problems = bodyProblems(line, InviteMemberBody, body);
  if (problems.length > 0) return err(problems);
  return ok({
    email: email.toLowerCase(),
    name: name || null,
    role: role as NewMember['role'],
    externalId: externalId || null,
  });
}
