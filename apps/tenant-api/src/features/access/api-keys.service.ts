import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { AccessErrors } from './access.errors.js';
import { recordAccess } from './access.store.js';
import { insertKey, listKeys, revokeKey, type ApiKey } from './api-keys.store.js';
import { newMemberToken } from './domain/member-token.js';
import { beyondRole, type KeyScope } from './domain/role.js';
import { actorOf, type MemberPrincipal } from './member-request.js';
import { newSecret, tokenHash } from './token-hash.js';

const PREFIX_LENGTH = 12;

/** What programs of a member sign in with: hashed, shown once, never more than the member itself. */
@Injectable()
export class ApiKeysService {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async make(
    tx: Tx,
    member: MemberPrincipal,
    wanted: { readonly name: string; readonly scopes: readonly KeyScope[]; readonly expiresAt: Date | null },
  ): Promise<{ readonly key: ApiKey; readonly token: string }> {
    const beyond = beyondRole(member.role, wanted.scopes);
    if (beyond.length > 0) {
      const detail = `A ${member.role} has no ${beyond.join(', ')}`;
      throw new RefusalError(AccessErrors.SCOPES_BEYOND_ROLE({ detail, members: { beyond } }));
    }
    const at = this.clock.now();
    if (wanted.expiresAt !== null && wanted.expiresAt <= at) {
      throw new RefusalError(AccessErrors.KEY_EXPIRED({ detail: `It is ${at.toISOString()} now` }));
    }
    const token = newMemberToken('api_key', member.deploymentId, newSecret(this.ids));
    const key: ApiKey = {
      ...wanted,
      id: this.ids.uuid(),
      memberId: member.memberId,
      prefix: token.slice(0, PREFIX_LENGTH),
      lastFour: token.slice(-4),
      createdAt: at,
      revokedAt: null,
    };
    if (!(await insertKey(tx, key, tokenHash(token)))) {
      throw new RefusalError(AccessErrors.KEYS_TOO_MANY({ detail: 'A hundred API keys of the member are good' }));
    }
    await recordAccess(tx, { at, actor: actorOf(member), action: 'api_key.made', object: `api_key:${key.id}` });
    return { key, token };
  }

  list(tx: Tx, { memberId }: MemberPrincipal): Promise<readonly ApiKey[]> {
    return listKeys(tx, memberId, this.clock.now());
  }

  async revoke(tx: Tx, member: MemberPrincipal, id: string): Promise<void> {
    const at = this.clock.now();
    if (!(await revokeKey(tx, { id, memberId: member.memberId, at }))) {
      throw new RefusalError(AccessErrors.KEY_UNKNOWN({ detail: `There is no API key ${id}` }));
    }
    await recordAccess(tx, { at, actor: actorOf(member), action: 'api_key.revoked', object: `api_key:${id}` });
  }
}
