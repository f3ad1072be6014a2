import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, FieldCipher, IDS, type Ids, type Tx } from '@biplane/service-kit';
import type { TenantHandle } from '../../tenancy/index.js';
import { recordAccess } from '../access.store.js';
import { placeOfSecret } from './client-secret-place.js';
import { OidcErrors } from './oidc.errors.js';
import { OpenId, type ProviderClient } from './openid.js';
import {
  deleteProvider,
  findProvider,
  insertProvider,
  lockProvider,
  saveProvider,
  type Provider,
} from './providers.store.js';

export interface NewProvider {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly redirectUris: readonly string[];
}

export type ProviderChange = {
  readonly [Key in keyof Omit<Provider, 'id' | 'issuer' | 'createdAt' | 'updatedAt'>]?: NonNullable<Provider[Key]>;
};

/** Where the members of one tenant may sign in, as its admins say. */
@Injectable()
export class IdentityProviders {
  constructor(
    @Inject(OpenId) private readonly openId: OpenId,
    @Inject(FieldCipher) private readonly cipher: FieldCipher,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** Asks the provider first, so that a mistake is told to the admin and not to whoever signs in. */
  check(wanted: ProviderClient): Promise<void> {
    return this.openId.check(wanted);
  }

  async add(tx: Tx, tenant: TenantHandle, wanted: NewProvider, actor: string): Promise<Provider> {
    const [id, at] = [this.ids.uuid(), this.clock.now()];
    const clientSecret =
      wanted.clientSecret === null
        ? null
        : this.cipher.encrypt(placeOfSecret(tenant.deploymentId, id), wanted.clientSecret);
    const provider: Provider = { ...wanted, id, clientSecret, enabled: true, createdAt: at, updatedAt: at };
    if (!(await insertProvider(tx, provider))) {
      throw new RefusalError(
        OidcErrors.ISSUER_TAKEN({ detail: 'The issuer has a provider here, or there are twenty' }),
      );
    }
    await recordAccess(tx, { at, actor, action: 'identity_provider.added', object: `identity_provider:${id}` });
    return provider;
  }

  async change(tx: Tx, tenant: TenantHandle, id: string, change: ProviderChange, actor: string): Promise<Provider> {
    const provider = await lockProvider(tx, id);
    if (!provider) throw unknownProvider();
    const at = this.clock.now();
    const { clientSecret, ...others } = change;
    const sealed =
      clientSecret === undefined
        ? {}
        : { clientSecret: this.cipher.encrypt(placeOfSecret(tenant.deploymentId, id), clientSecret) };
    const changed = { ...provider, ...others, ...sealed, updatedAt: at };
    await saveProvider(tx, changed);
    await recordAccess(tx, { at, actor, action: 'identity_provider.changed', object: `identity_provider:${id}` });
    return changed;
  }

  /** Who linked an identity there keeps it, and signs in with it again once the issuer has a provider again. */
  async remove(tx: Tx, id: string, actor: string): Promise<void> {
    if (!(await deleteProvider(tx, id))) throw unknownProvider();
    const at = this.clock.now();
    await recordAccess(tx, { at, actor, action: 'identity_provider.removed', object: `identity_provider:${id}` });
  }

  /** One that members may use, with its secret. */
  async open(tx: Tx, tenant: TenantHandle, id: string): Promise<Provider> {
    const provider = await findProvider(tx, id);
    if (!provider?.enabled) throw unknownProvider();
    return { ...provider, clientSecret: this.secretOf(tenant, provider) };
  }

  private secretOf(tenant: TenantHandle, { id, clientSecret }: Provider): string | null {
    if (clientSecret === null) return null;
    try {
      return this.cipher.decrypt(placeOfSecret(tenant.deploymentId, id), clientSecret);
    } catch {
      // By keys that nobody here holds any more: as after a database was restored from elsewhere.
      throw new RefusalError(
        OidcErrors.SECRET_UNREADABLE({ detail: 'The client secret must be set again', retryAfterSeconds: 3_600 }),
      );
    }
  }
}

const unknownProvider = () =>
  new RefusalError(OidcErrors.PROVIDER_UNKNOWN({ detail: 'There is no such identity provider' }));
