import { Inject, Injectable } from '@nestjs/common';
import { FieldCipher, IDS, type FieldPlace, type Ids } from '@biplane/service-kit';
import type { TenantDatabaseRow } from './tenancy.store.js';
import type { TenantPasswords } from './tenant-server.js';

const PASSWORD_BYTES = 24;

type SealedPasswords = Pick<TenantDatabaseRow, 'ownerSecret' | 'runtimeSecret'>;
type StoredPasswords = SealedPasswords & Pick<TenantDatabaseRow, 'epoch'>;

/** The passwords of a deployment's roles: made here, sealed for their row and column, opened only to connect. */
@Injectable()
export class TenantSecrets {
  constructor(
    @Inject(FieldCipher) private readonly cipher: FieldCipher,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  create(deploymentId: string): SealedPasswords {
    const seal = (column: string): string =>
      this.cipher.encrypt(
        placeOf(deploymentId, column),
        Buffer.from(this.ids.random(PASSWORD_BYTES)).toString('base64url'),
      );
    return { ownerSecret: seal('owner_secret'), runtimeSecret: seal('runtime_secret') };
  }

  open(deploymentId: string, sealed: StoredPasswords): TenantPasswords {
    return {
      epoch: sealed.epoch,
      owner: this.cipher.decrypt(placeOf(deploymentId, 'owner_secret'), sealed.ownerSecret),
      runtime: this.cipher.decrypt(placeOf(deploymentId, 'runtime_secret'), sealed.runtimeSecret),
    };
  }
}

/** The tag binds a secret to its deployment: copied into another row it does not open. */
const placeOf = (deploymentId: string, column: string): FieldPlace => ({
  table: 'tenant_database',
  column,
  id: deploymentId,
});
