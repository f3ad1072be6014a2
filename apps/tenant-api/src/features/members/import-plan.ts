import { differing, repeated, type RowProblem } from '../imports/index.js';

/** What a row of the file says of a member; the address in lower case. */
export interface MemberRow {
  readonly line: number;
  readonly email: string;
  readonly name: string | null;
  readonly role: string;
  readonly externalId: string | null;
}

/** A member that has the address or the external id of a row. */
export type KnownMember = Omit<MemberRow, 'line' | 'email'> & { readonly email: string | null };

export interface MemberPlan<Row extends MemberRow> {
  readonly add: readonly Row[];
  readonly unchanged: number;
  readonly problems: readonly RowProblem[];
}

/** Members are known by their address. An import adds; what is there already is as the file says, or the row is refused. */
export function planMembers<Row extends MemberRow>(
  rows: readonly Row[],
  known: readonly KnownMember[],
): MemberPlan<Row> {
  const byEmail = new Map(known.map((member) => [member.email, member]));
  const byExternalId = new Map(known.map((member) => [member.externalId, member]));
  const problems: RowProblem[] = [
    ...repeated(rows, 'email', ({ email }) => email),
    ...repeated(rows, 'externalId', ({ externalId }) => externalId),
  ];
  const add: Row[] = [];
  for (const row of rows) {
    const stored = byEmail.get(row.email);
    const other = row.externalId === null ? undefined : byExternalId.get(row.externalId);
    if (stored !== undefined) problems.push(...differing(row.line, contentOf(row), contentOf(stored)));
    else if (other !== undefined) problems.push(taken(row.line));
    else add.push(row);
  }
  return { add, unchanged: rows.length - add.length, problems };
}

const contentOf = ({ name, role, externalId }: Omit<KnownMember, 'email'>) => ({ name, role, externalId });

const taken = (line: number): RowProblem => ({
  line,
  column: 'externalId',
  code: 'EXTERNAL_ID_TAKEN',
  detail: 'A member with another address has it',
});
