import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, hashSecret, IDS, RateLimiter, verifySecret, type Ids, type Tx } from '@biplane/service-kit';
import type { TenantHandle } from '../tenancy/index.js';
import { settleInvite } from './accept-invite.js';
import { AccessErrors } from './access.errors.js';
import {
  deleteSession,
  deleteSessions,
  findCredentials,
  findPassword,
  insertSession,
  invitedBy,
  lockInvite,
  recordAccess,
  savePassword,
} from './access.store.js';
import { newMemberToken } from './domain/member-token.js';
import { actorOf, type MemberPrincipal } from './member-request.js';
import { insertSessionOf, type Identity } from './oidc/identity.store.js';
import { SignInLimits } from './sign-in-limits.js';
import { newSecret, tokenHash } from './token-hash.js';

export interface SignedInSession {
  /** Shown once. */
  readonly token: string;
  readonly memberId: string;
  readonly expiresAt: Date;
}

const SESSION_MS = 12 * 3_600_000;
/** To change a password with an open session: ten tries at once, then one every half minute, of each member. */
const ATTEMPTS = { perSecond: 1 / 30, burst: 10 };
/** Takes as long to verify as a real one, so that an unknown address answers no faster. */
const NOBODY = `scrypt$16384$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Signing in to the own tenant: invites, passwords, sessions. */
@Injectable()
export class SessionsService {
  private readonly attempts = new RateLimiter(ATTEMPTS);
  private readonly signIns = new SignInLimits();

  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** `from` is the network address of who tries. */
  async signIn(
    tenant: TenantHandle,
    { email, password, from }: { readonly email: string; readonly password: string; readonly from: string },
  ): Promise<SignedInSession> {
    const address = email.toLowerCase();
    const account = `${tenant.deploymentId}\n${address}`;
    insistOn(this.signIns.take(account, from));
    const known = await tenant.read((reader) => findCredentials(reader, address));
    const isRight = await verifySecret(password, known?.passwordHash ?? NOBODY);
    if (!known || !isRight) throw refusedSignIn();
    const session = await this.open(tenant, known.memberId, known.passwordHash);
    this.signIns.signedIn(account, from);
    return session;
  }

  /** Once; with it the member gives itself a password, and the bootstrapped admin its address. */
  async accept(
    tenant: TenantHandle,
    invite: { readonly token: string; readonly email?: string; readonly name?: string; readonly password: string },
  ): Promise<SignedInSession> {
    const hash = tokenHash(invite.token);
    // Before the slow hash, so that guesses cost nothing.
    if ((await tenant.read((reader) => invitedBy(reader, hash, this.clock.now()))) === null) throw badInvite();
    const passwordHash = await hashSecret(invite.password);
    const memberId = await tenant.run(async (tx) => {
      const at = this.clock.now();
      const id = await lockInvite(tx, hash, at);
      if (id === null) throw badInvite();
      await settleInvite(tx, {
        tokenHash: hash,
        memberId: id,
        email: invite.email?.toLowerCase() ?? null,
        name: invite.name ?? null,
        passwordHash,
        oidc: null,
        at,
      });
      await recordAccess(tx, { at, actor: `member:${id}`, action: 'invite.accepted', object: `member:${id}` });
      return id;
    });
    return this.open(tenant, memberId, passwordHash);
  }

  async signOut(tenant: TenantHandle, { tokenHash: hash }: MemberPrincipal): Promise<void> {
    await tenant.run((tx) => deleteSession(tx, hash));
  }

  /** Ends all other sessions of the member. */
  async changePassword(
    tenant: TenantHandle,
    member: MemberPrincipal,
    change: { readonly current: string; readonly next: string },
  ): Promise<void> {
    insistOn(this.attempts.take(`${tenant.deploymentId}\n${member.memberId}`));
    const known = await tenant.read((reader) => findPassword(reader, member.memberId));
    const isRight = await verifySecret(change.current, known ?? NOBODY);
    if (known === null || !isRight) throw wrongPassword();
    const next = await hashSecret(change.next);
    await tenant.run(async (tx) => {
      if (!(await savePassword(tx, member.memberId, { checked: known, next }))) throw wrongPassword();
      await deleteSessions(tx, member.memberId, member.tokenHash);
      const [at, actor] = [this.clock.now(), actorOf(member)];
      await recordAccess(tx, { at, actor, action: 'password.changed', object: actor });
    });
  }

  /** For who proved an identity that the member has linked. */
  openByIdentity(tenant: TenantHandle, memberId: string, identity: Identity): Promise<SignedInSession> {
    return this.openBy(tenant, memberId, (tx, session) => insertSessionOf(tx, session, identity));
  }

  private open(tenant: TenantHandle, memberId: string, passwordHash: string | null): Promise<SignedInSession> {
    return this.openBy(tenant, memberId, (tx, session) => insertSession(tx, session, passwordHash));
  }

  /** A member that lost its place, its password or its identity between the check and now gets no session. */
  private async openBy(
    tenant: TenantHandle,
    memberId: string,
    insert: (tx: Tx, session: Parameters<typeof insertSession>[1]) => Promise<boolean>,
  ): Promise<SignedInSession> {
    const token = newMemberToken('session', tenant.deploymentId, newSecret(this.ids));
    const at = this.clock.now();
    const expiresAt = new Date(at.getTime() + SESSION_MS);
    await tenant.run(async (tx) => {
      const session = { tokenHash: tokenHash(token), memberId, at, expiresAt };
      if (!(await insert(tx, session))) throw refusedSignIn();
      const actor = `member:${memberId}`;
      await recordAccess(tx, { at, actor, action: 'session.opened', object: actor });
    });
    return { token, memberId, expiresAt };
  }
}

function insistOn(retryAfterSeconds: number): void {
  if (retryAfterSeconds === 0) return;
  const detail = 'There were too many attempts';
  throw new RefusalError(AccessErrors.TOO_MANY_ATTEMPTS({ detail, retryAfterSeconds }));
}

function badInvite(): RefusalError {
  return new RefusalError(AccessErrors.INVITE_INVALID({ detail: 'The invite is not good' }));
}

function refusedSignIn(): RefusalError {
  return new RefusalError(AccessErrors.SIGN_IN_REFUSED({ detail: 'The address or the password is wrong' }));
}

function wrongPassword(): RefusalError {
  return new RefusalError(AccessErrors.PASSWORD_WRONG({ detail: '`current` is not the password of this member' }));
}
