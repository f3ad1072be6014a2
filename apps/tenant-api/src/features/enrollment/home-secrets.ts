import { Inject, Injectable } from '@nestjs/common';
import { createTokenKey, FieldCipher, IDS, parseFieldKeys, type Ids } from '@biplane/service-kit';
import type { EnrolledFieldKeys } from './enrollment.dto.js';
import type { EnrolledHomeRow, SealedHomeSecrets, SealedTenantSecrets } from './enrolled-home.store.js';

const PASSWORD_BYTES = 24;
const KEY_BYTES = 32;

export interface HomeSecretTexts {
  readonly owner: string;
  readonly runtime: string;
  readonly redis: string;
  readonly tokenKey: string;
  readonly fieldKeys: EnrolledFieldKeys;
}

/** The secrets of the homes that this pool enrolls: made once, sealed for their row and column, opened only to be given to that home. */
@Injectable()
export class HomeSecrets {
  constructor(
    @Inject(FieldCipher) private readonly cipher: FieldCipher,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  create(homeId: string): SealedHomeSecrets {
    const fieldKey = Buffer.from(this.ids.random(KEY_BYTES)).toString('base64');
    return {
      ownerSecret: this.seal(homeId, 'owner_secret', this.password()),
      runtimeSecret: this.seal(homeId, 'runtime_secret', this.password()),
      redisSecret: this.seal(homeId, 'redis_secret', this.password()),
      tokenKeySecret: this.seal(homeId, 'token_key_secret', createTokenKey()),
      fieldKeysSecret: this.seal(
        homeId,
        'field_keys_secret',
        JSON.stringify({ current: 1, keys: { '1': fieldKey } } satisfies EnrolledFieldKeys),
      ),
    };
  }

  createTenant(homeId: string): SealedTenantSecrets {
    return {
      tenantOwnerSecret: this.seal(homeId, 'tenant_owner_secret', this.password()),
      tenantRuntimeSecret: this.seal(homeId, 'tenant_runtime_secret', this.password()),
    };
  }

  open(row: EnrolledHomeRow): HomeSecretTexts {
    const open = (column: string, sealed: string): string => this.unseal(row.homeId, column, sealed);
    return {
      owner: open('owner_secret', row.ownerSecret),
      runtime: open('runtime_secret', row.runtimeSecret),
      redis: open('redis_secret', row.redisSecret),
      tokenKey: open('token_key_secret', row.tokenKeySecret),
      fieldKeys: JSON.parse(open('field_keys_secret', row.fieldKeysSecret)) as EnrolledFieldKeys,
    };
  }

  /** Of the home itself: seals and opens as it does. */
  cipherOf(row: Pick<EnrolledHomeRow, 'homeId' | 'fieldKeysSecret'>): FieldCipher {
    return new FieldCipher(parseFieldKeys(this.unseal(row.homeId, 'field_keys_secret', row.fieldKeysSecret)));
  }

  openRedis(row: Pick<EnrolledHomeRow, 'homeId' | 'redisSecret'>): string {
    return this.unseal(row.homeId, 'redis_secret', row.redisSecret);
  }

  openTenant(row: EnrolledHomeRow): { readonly epoch: number; readonly owner: string; readonly runtime: string } {
    const { homeId, epoch, tenantOwnerSecret, tenantRuntimeSecret } = row;
    if (epoch === null || tenantOwnerSecret === null || tenantRuntimeSecret === null) {
      throw new Error(`Home ${homeId} was given no tenant database`);
    }
    return {
      epoch,
      owner: this.unseal(homeId, 'tenant_owner_secret', tenantOwnerSecret),
      runtime: this.unseal(homeId, 'tenant_runtime_secret', tenantRuntimeSecret),
    };
  }

  private password(): string {
    return Buffer.from(this.ids.random(PASSWORD_BYTES)).toString('base64url');
  }

  private seal(homeId: string, column: string, text: string): string {
    return this.cipher.encrypt({ table: 'enrolled_home', column, id: homeId }, text);
  }

  private unseal(homeId: string, column: string, sealed: string): string {
    return this.cipher.decrypt({ table: 'enrolled_home', column, id: homeId }, sealed);
  }
}
