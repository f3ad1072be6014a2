import { randomUUID } from 'node:crypto';
import { FieldCipher, RandomIds, SystemClock } from '@biplane/service-kit';
import { placeOfSecret } from '../features/access/oidc/client-secret-place.js';
import { HomeSecrets } from '../features/enrollment/home-secrets.js';
import type { MoveScene } from './move-scene.js';

const clock = new SystemClock();

/** The client secret of an identity provider in the database of a scene's tenant, sealed by whichever home serves it. */
export class MovedSecret {
  private readonly id = randomUUID();

  constructor(private readonly scene: MoveScene) {}

  /** As the pool seals it. */
  async put(secret: string): Promise<void> {
    const { deploymentId } = this.scene;
    const at = clock.now();
    await this.scene.tenant(
      `INSERT INTO identity_provider (id, name, issuer, client_id, client_secret, redirect_uris, enabled, created_at, updated_at)
       VALUES ($1, 'Login', 'https://login.example', 'acme', $2, ARRAY['https://acme.example/back'], true, $3, $3)`,
      [this.id, this.poolCipher().encrypt(placeOfSecret(deploymentId, this.id), secret), at],
    );
  }

  /** What that home reads; null when it cannot. */
  async readBy(homeId: string): Promise<string | null> {
    const [row] = await this.scene.tenant<{ sealed: string }>(
      'SELECT client_secret AS sealed FROM identity_provider WHERE id = $1',
      [this.id],
    );
    const cipher = await this.cipherOf(homeId);
    try {
      return cipher.decrypt(placeOfSecret(this.scene.deploymentId, this.id), row?.sealed ?? '');
    } catch {
      return null;
    }
  }

  private async cipherOf(homeId: string): Promise<FieldCipher> {
    const { poolId } = this.scene;
    if (homeId === poolId) return this.poolCipher();
    const [row] = await this.scene.home<{ homeId: string; fieldKeysSecret: string }>(
      poolId,
      'SELECT home_id::text AS "homeId", field_keys_secret AS "fieldKeysSecret" FROM enrolled_home WHERE home_id = $1',
      [homeId],
    );
    if (!row) throw new Error(`${homeId} was never enrolled`);
    return new HomeSecrets(this.poolCipher(), new RandomIds(clock)).cipherOf(row);
  }

  private poolCipher(): FieldCipher {
    return FieldCipher.fromFile(this.scene.fieldKeysFile);
  }
}
