import { RefusalError } from '@biplane/kernel';
import type { Tx } from '@biplane/service-kit';
import { AccessErrors } from './access.errors.js';
import { acceptInvite, hasAddress, type Accepted } from './access.store.js';

/** Of an invite that is locked. Who invited said which address it is for: whoever accepts gives one only where there is none. */
export async function settleInvite(tx: Tx, accepted: Accepted): Promise<void> {
  if (await acceptInvite(tx, accepted)) return;
  throw new RefusalError(
    (await hasAddress(tx, accepted.memberId))
      ? AccessErrors.INVITE_OF_ANOTHER({ detail: 'The invite is for another address' })
      : AccessErrors.EMAIL_TAKEN({ detail: 'A member has this address' }),
  );
}
