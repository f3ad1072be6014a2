import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, FieldCipher, IDS, RateLimiter, type Ids, type Tx } from '@biplane/service-kit';
import type { TenantHandle } from '../../tenancy/index.js';
import { settleInvite } from '../accept-invite.js';
import { AccessErrors } from '../access.errors.js';
import { deleteSessions, findOidcMember, invitedBy, lockInvite, recordAccess } from '../access.store.js';
import { actorOf, type MemberPrincipal } from '../member-request.js';
import { SessionsService, type SignedInSession } from '../sessions.service.js';
import { newSecret, tokenHash } from '../token-hash.js';
import { forgetAttempts, insertAttempt, takeAttempt, type Attempt } from './attempts.store.js';
import { isIdentityTaken, isSessionOpen, lockSignIns, saveIdentity, type Identity } from './identity.store.js';
import { OidcErrors } from './oidc.errors.js';
import { OpenId } from './openid.js';
import { IdentityProviders } from './providers.service.js';

export interface Begun {
  readonly authorizationUrl: string;
  /** Shown once, to who begins: without it nobody completes. */
  readonly flowToken: string;
  readonly expiresAt: Date;
}

export interface Completed {
  readonly purpose: Attempt['purpose'];
  readonly memberId: string;
  readonly session: SignedInSession | null;
}

interface Where {
  readonly providerId: string;
  readonly redirectUri: string;
}

type Who = Pick<Attempt, 'purpose' | 'memberId' | 'tokenHash' | 'email' | 'name'>;

const ATTEMPT_MS = 10 * 60_000;
/** Of one deployment in one replica: what is begun is a row, and asks the provider. */
const BEGINNINGS = { perSecond: 10, burst: 100 };
const NOBODY_YET: Who = { purpose: 'sign_in', memberId: null, tokenHash: null, email: null, name: null };

/** Identities that members have at their tenant's providers: linked by a session or an invite, and good for signing in from then on. */
@Injectable()
export class IdentitiesService {
  private readonly beginnings = new RateLimiter(BEGINNINGS);

  constructor(
    @Inject(IdentityProviders) private readonly providers: IdentityProviders,
    @Inject(OpenId) private readonly openId: OpenId,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(FieldCipher) private readonly cipher: FieldCipher,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  beginSignIn(tenant: TenantHandle, where: Where): Promise<Begun> {
    return this.begin(tenant, where, NOBODY_YET);
  }

  beginLink(tenant: TenantHandle, where: Where, { memberId, tokenHash: hash }: MemberPrincipal): Promise<Begun> {
    return this.begin(tenant, where, { ...NOBODY_YET, purpose: 'link', memberId, tokenHash: hash });
  }

  async beginAccept(
    tenant: TenantHandle,
    where: Where,
    invite: { readonly token: string; readonly email: string | null; readonly name: string | null },
  ): Promise<Begun> {
    const hash = tokenHash(invite.token);
    const memberId = await tenant.read((reader) => invitedBy(reader, hash, this.clock.now()));
    if (memberId === null) throw badInvite();
    const { email, name } = invite;
    const who = { memberId, tokenHash: hash, email: email?.toLowerCase() ?? null, name };
    return this.begin(tenant, where, { ...who, purpose: 'accept' });
  }

  /** Once for each beginning, whatever comes of it: the attempt is gone before the provider is asked. */
  async complete(
    tenant: TenantHandle,
    returned: {
      readonly flowToken: string;
      readonly state: string;
      readonly code: string;
      readonly iss: string | null;
    },
  ): Promise<Completed> {
    const [stateHash, flowHash] = [tokenHash(returned.state), tokenHash(returned.flowToken)];
    const attempt = await tenant.run((tx) => takeAttempt(tx, { stateHash, flowHash, now: this.clock.now() }));
    if (!attempt) throw badAttempt();
    const provider = await tenant.read((reader) => this.providers.open(reader, tenant, attempt.providerId));
    const checks = this.opened(tenant, attempt);
    const { state, code, iss } = returned;
    const identity = await this.openId.identity(
      provider,
      { ...checks, redirectUri: attempt.redirectUri },
      { state, code, iss },
    );
    const memberId = await tenant.run((tx) => this.settle(tx, attempt, identity));
    if (attempt.purpose === 'link') return { purpose: attempt.purpose, memberId, session: null };
    const session = await this.sessions.openByIdentity(tenant, memberId, identity);
    return { purpose: attempt.purpose, memberId, session };
  }

  /** All other sessions end; refused to who could not sign in any more. */
  async unlink(tenant: TenantHandle, member: MemberPrincipal): Promise<void> {
    await tenant.run(async (tx) => {
      const known = await lockSignIns(tx, member.memberId);
      if (!known?.issuer) return;
      if (!known.hasPassword) throw new RefusalError(OidcErrors.ONLY_WAY_IN({ detail: 'The member has no password' }));
      await saveIdentity(tx, member.memberId, null);
      await deleteSessions(tx, member.memberId, member.tokenHash);
      const [at, actor] = [this.clock.now(), actorOf(member)];
      await recordAccess(tx, { at, actor, action: 'identity.unlinked', object: actor });
    });
  }

  private async begin(tenant: TenantHandle, { providerId, redirectUri }: Where, who: Who): Promise<Begun> {
    this.limit(tenant);
    const provider = await tenant.read((reader) => this.providers.open(reader, tenant, providerId));
    if (!provider.redirectUris.includes(redirectUri)) {
      throw new RefusalError(OidcErrors.REDIRECT_REFUSED({ detail: 'The provider has no such redirect address' }));
    }
    const [state, flowToken, nonce, verifier] = [0, 1, 2, 3].map(() => newSecret(this.ids)) as [
      string,
      string,
      string,
      string,
    ];
    const authorizationUrl = await this.openId.authorizationUrl(provider, { redirectUri, state, nonce, verifier });
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + ATTEMPT_MS);
    const stateHash = tokenHash(state);
    const checks = this.cipher.encrypt(placeOf(tenant, stateHash), JSON.stringify([nonce, verifier]));
    await tenant.run(async (tx) => {
      await forgetAttempts(tx, now);
      await insertAttempt(tx, {
        ...who,
        stateHash,
        flowHash: tokenHash(flowToken),
        providerId,
        redirectUri,
        checks,
        expiresAt,
      });
    });
    return { authorizationUrl, flowToken, expiresAt };
  }

  private opened(
    tenant: TenantHandle,
    { stateHash, checks }: Attempt,
  ): { readonly nonce: string; readonly verifier: string } {
    try {
      const [nonce, verifier] = JSON.parse(this.cipher.decrypt(placeOf(tenant, stateHash), checks)) as [string, string];
      return { nonce, verifier };
    } catch {
      // Begun at the home that the deployment was served by before.
      throw badAttempt();
    }
  }

  private settle(tx: Tx, attempt: Attempt, identity: Identity): Promise<string> {
    if (attempt.purpose === 'sign_in') return this.signedIn(tx, identity);
    return attempt.purpose === 'link' ? this.link(tx, attempt, identity) : this.accept(tx, attempt, identity);
  }

  private async signedIn(tx: Tx, { issuer, subject }: Identity): Promise<string> {
    const memberId = await findOidcMember(tx, issuer, subject);
    if (memberId !== null) return memberId;
    throw new RefusalError(OidcErrors.IDENTITY_UNKNOWN({ detail: 'No active member has linked this identity' }));
  }

  /** Only while the session is open that began it. */
  private async link(tx: Tx, { memberId, tokenHash: session }: Attempt, identity: Identity): Promise<string> {
    const known = await lockSignIns(tx, memberId!);
    const at = this.clock.now();
    if (!known || !(await isSessionOpen(tx, session!, memberId!, at))) throw badAttempt();
    if (known.issuer !== null) {
      throw new RefusalError(OidcErrors.ALREADY_LINKED({ detail: 'The member has linked an identity' }));
    }
    await refuseTaken(tx, identity);
    await saveIdentity(tx, memberId!, identity);
    const actor = `member:${memberId}`;
    await recordAccess(tx, { at, actor, action: 'identity.linked', object: actor });
    return memberId!;
  }

  private async accept(tx: Tx, attempt: Attempt, identity: Identity): Promise<string> {
    const at = this.clock.now();
    const [hash, memberId] = [attempt.tokenHash!, attempt.memberId!];
    if ((await lockInvite(tx, hash, at)) !== memberId) throw badInvite();
    await refuseTaken(tx, identity);
    const { email, name } = attempt;
    await settleInvite(tx, { tokenHash: hash, memberId, email, name, passwordHash: null, oidc: identity, at });
    const actor = `member:${memberId}`;
    await recordAccess(tx, { at, actor, action: 'invite.accepted', object: actor });
    await recordAccess(tx, { at, actor, action: 'identity.linked', object: actor });
    return memberId;
  }

  private limit({ deploymentId }: TenantHandle): void {
    const retryAfterSeconds = this.beginnings.take(deploymentId);
    if (retryAfterSeconds === 0) return;
    const detail = 'There were too many attempts';
    throw new RefusalError(AccessErrors.TOO_MANY_ATTEMPTS({ detail, retryAfterSeconds }));
  }
}

/** Of two at once the unique index lets one through. */
async function refuseTaken(tx: Tx, identity: Identity): Promise<void> {
  if (!(await isIdentityTaken(tx, identity))) return;
  throw new RefusalError(OidcErrors.IDENTITY_TAKEN({ detail: 'Another member has linked this identity' }));
}

const placeOf = ({ deploymentId }: TenantHandle, stateHash: string) => ({
  table: 'oidc_attempt',
  column: 'checks',
  id: `${deploymentId}/${stateHash}`,
});

const badAttempt = () => new RefusalError(OidcErrors.ATTEMPT_INVALID({ detail: 'The sign-in cannot be completed' }));

const badInvite = () => new RefusalError(AccessErrors.INVITE_INVALID({ detail: 'The invite is not good' }));
