import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { deleteSessions, newSecret, recordAccess, tokenHash, type Role } from '../access/index.js';
import { LevelGate } from '../limits/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { MemberErrors } from './members.errors.js';
import {
  countMembers,
  eraseMember,
  findMember,
  findMemberByEmail,
  insertMember,
  lockMember,
  replaceInvite,
  saveMember,
  type Member,
} from './members.store.js';

export interface NewMember {
  readonly email: string;
  readonly name: string | null;
  readonly role: Role;
  readonly externalId: string | null;
}

/** An invite's token: shown once. */
export interface Invited {
  readonly member: Member;
  readonly inviteToken: string;
  readonly expiresAt: Date;
}

export type Forget = (tx: Tx, memberId: string) => Promise<void>;

const INVITE_MS = 14 * 24 * 3_600_000;
/** What a new member uses of the license: `members:records` caps how many there are. */
export const RECORDS = { action: 'members:records', meter: 'records' } as const;

/** The people of one tenant, in its own database. */
@Injectable()
export class MembersService implements OnModuleInit {
  private readonly forgetting: Forget[] = [];

  constructor(
    @Inject(LevelGate) private readonly levels: LevelGate,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** Whoever keeps a word of who a member was forgets it in the transaction that erases the member. */
  onErase(forget: Forget): void {
    this.forgetting.push(forget);
  }

  onModuleInit(): void {
    this.levels.countedBy(RECORDS.meter, countMembers);
  }

  /** Refused as the gate does when the license has no room for one more; then nothing is written. */
  async invite(tx: Tx, tenant: TenantHandle, wanted: NewMember, actor: string): Promise<Invited> {
    await this.levels.take(tx, tenant, RECORDS.action, { meter: RECORDS.meter });
    const at = this.clock.now();
    const email = wanted.email.toLowerCase();
    const member: Member = {
      ...wanted,
      id: this.ids.uuid(),
      email,
      state: 'invited',
      createdAt: at,
      erasedAt: null,
    };
    if (!(await insertMember(tx, member))) {
      const other = await findMemberByEmail(tx, email);
      const detail = other ? 'A member has this address' : 'A member has this external id';
      throw new RefusalError(MemberErrors.EMAIL_TAKEN({ detail, ...(other && { members: { memberId: other.id } }) }));
    }
    await recordAccess(tx, { at, actor, action: 'member.invited', object: `member:${member.id}` });
    return this.issueInvite(tx, member, at);
  }

  async invitedAgain(tx: Tx, id: string, actor: string): Promise<Invited> {
    const { member } = await this.locked(tx, id);
    if (member.state !== 'invited') throw forbids(member);
    const at = this.clock.now();
    await recordAccess(tx, { at, actor, action: 'member.invited_again', object: `member:${id}` });
    return this.issueInvite(tx, member, at);
  }

  async member(tx: Tx, id: string): Promise<Member> {
    const member = await findMember(tx, id);
    if (member) return member;
    throw unknown(id);
  }

  async change(
    tx: Tx,
    id: string,
    change: { readonly role?: Role; readonly state?: 'active' | 'disabled'; readonly name?: string },
    actor: string,
    accept: (present: Member) => void = () => undefined,
  ): Promise<Member> {
    const { member, otherAdmins } = await this.locked(tx, id);
    accept(member);
    const changed = { ...member, ...change };
    const isOpen = member.state === 'active' || member.state === 'disabled';
    if (member.state === 'erased' || (change.state !== undefined && !isOpen)) throw forbids(member);
    const staysAdmin = changed.role === 'admin' && changed.state === 'active';
    if (isActiveAdmin(member) && !staysAdmin && otherAdmins === 0) throw lastAdmin();
    await saveMember(tx, changed);
    if (changed.state === 'disabled') await deleteSessions(tx, id);
    await recordAccess(tx, { at: this.clock.now(), actor, action: 'member.changed', object: `member:${id}` });
    return changed;
  }

  /** What says who it was goes; what it was charged and paid stays, under its id. */
  async erase(tx: Tx, tenant: TenantHandle, id: string, actor: string): Promise<void> {
    const { member, otherAdmins } = await this.locked(tx, id);
    if (member.state === 'erased') return;
    if (isActiveAdmin(member) && otherAdmins === 0) throw lastAdmin();
    const at = this.clock.now();
    // The counter first: it is told what the rows are before this one goes.
    await this.levels.release(tx, tenant, { meter: RECORDS.meter });
    await eraseMember(tx, id, at);
    for (const forget of this.forgetting) await forget(tx, id);
    await recordAccess(tx, { at, actor, action: 'member.erased', object: `member:${id}` });
  }

  private async issueInvite(tx: Tx, member: Member, at: Date): Promise<Invited> {
    const inviteToken = newSecret(this.ids);
    const expiresAt = new Date(at.getTime() + INVITE_MS);
    await replaceInvite(tx, { tokenHash: tokenHash(inviteToken), memberId: member.id, at, expiresAt });
    return { member, inviteToken, expiresAt };
  }

  private async locked(tx: Tx, id: string): Promise<{ readonly member: Member; readonly otherAdmins: number }> {
    const locked = await lockMember(tx, id);
    if (locked) return locked;
    throw unknown(id);
  }
}

const isActiveAdmin = ({ role, state }: Member): boolean => role === 'admin' && state === 'active';

const unknown = (id: string) => new RefusalError(MemberErrors.UNKNOWN({ detail: `There is no member ${id}` }));

const lastAdmin = () => new RefusalError(MemberErrors.LAST_ADMIN({ detail: 'No other member is an active admin' }));

const forbids = ({ state }: Member) =>
  new RefusalError(MemberErrors.STATE_FORBIDS({ detail: `The member is ${state}`, members: { state } }));
