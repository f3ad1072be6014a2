import type { FieldCipher } from '@biplane/service-kit';
import type { Session } from '../../tenancy/index.js';
import { placeOfSecret } from './client-secret-place.js';

interface SealedSecret {
  readonly id: string;
  readonly sealed: string;
}

/**
 * After a move: the client secrets that the home of before has sealed are sealed for the one that serves now. One that was set or sealed anew
 * meanwhile is left alone, and so is one that the home of before could not open either. May be repeated. Returns how many it was.
 */
export async function resealClientSecrets(
  session: Session,
  deploymentId: string,
  { from, to }: { readonly from: FieldCipher; readonly to: FieldCipher },
): Promise<number> {
  const { rows: known } = await session.query("SELECT 1 WHERE to_regclass('public.identity_provider') IS NOT NULL");
  // A database that its fleet run has not reached yet.
  if (known.length === 0) return 0;
  const { rows } = await session.query<SealedSecret>(
    'SELECT id::text AS id, client_secret AS sealed FROM identity_provider WHERE client_secret IS NOT NULL',
  );
  let count = 0;
  for (const { id, sealed } of rows) {
    const place = placeOfSecret(deploymentId, id);
    const secret = opened(() => from.decrypt(place, sealed));
    if (secret === null) continue;
    const { rowCount } = await session.query(
      'UPDATE identity_provider SET client_secret = $3 WHERE id = $1::uuid AND client_secret = $2',
      [id, sealed, to.encrypt(place, secret)],
    );
    count += rowCount ?? 0;
  }
  return count;
}

function opened(open: () => string): string | null {
  try {
    return open();
  } catch {
    return null;
  }
}
