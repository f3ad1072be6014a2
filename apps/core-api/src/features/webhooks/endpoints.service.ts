import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import {
  CLOCK,
  FieldCipher,
  IDS,
  principalMayRead,
  refusalOfUrl,
  UnitOfWork,
  type Ids,
  type Principal,
  type TargetPolicy,
  type Tx,
} from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { TenantsService } from '../tenants/index.js';
import type { DisabledBecause, SealedSecrets, StoredEndpoint, WebhookEndpoint } from './endpoint.js';
import { EndpointsStore } from './endpoints.store.js';
import { SECRET_BYTES, secretText } from './sending/signature.js';
import { TARGET_POLICY } from './target-policy.js';
import { WebhookErrors } from './webhooks.errors.js';

export interface NewEndpoint {
  readonly url: string;
  readonly description: string | null;
  readonly eventTypes: readonly string[];
  readonly tenantId: string | null;
}

export interface EndpointWithSecret {
  readonly endpoint: WebhookEndpoint;
  /** Told once. */
  readonly secret: string;
}

/** Of one tenant, and of the platform. */
export const ENDPOINTS_MAX = 20;
/** How long a rotated secret still signs beside the new one. */
export const PREVIOUS_SECRET_MS = 24 * 3_600_000;

@Injectable()
export class EndpointsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: EndpointsStore,
    private readonly tenants: TenantsService,
    private readonly cipher: FieldCipher,
    private readonly audit: Audit,
    @Inject(TARGET_POLICY) private readonly policy: TargetPolicy,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  create(input: NewEndpoint, actor: Actor): Promise<EndpointWithSecret> {
    const refusal = refusalOfUrl(input.url, this.policy);
    if (refusal !== null) {
      const errors = [{ pointer: '/url', code: refusal, detail: 'the address is not called' }];
      throw new RefusalError(WebhookErrors.URL_REFUSED({ detail: `The address is not called: ${refusal}`, errors }));
    }
    return this.unitOfWork.run(async (tx) => {
      if (input.tenantId !== null) await this.tenants.required(tx, input.tenantId);
      if ((await this.store.countForCreation(tx, input.tenantId)) >= ENDPOINTS_MAX) {
        throw new RefusalError(WebhookErrors.TOO_MANY_ENDPOINTS({ detail: `At most ${ENDPOINTS_MAX} are kept` }));
      }
      const [id, now, secret] = [this.ids.uuid(), this.clock.now(), this.newSecret()];
      const endpoint: StoredEndpoint = {
        ...input,
        id,
        state: 'enabled',
        disabledBecause: null,
        secretEncrypted: this.cipher.encrypt(secretPlace(id), secret),
        previousSecretEncrypted: null,
        previousSecretUntil: null,
        failingSince: null,
        createdAt: now,
        updatedAt: now,
      };
      await this.store.insert(tx, endpoint);
      await this.record(tx, actor, 'webhook_endpoint.created', endpoint, {
        host: new URL(input.url).host,
        eventTypes: input.eventTypes,
      });
      return { endpoint, secret };
    });
  }

  list(filter: { tenantId?: string | undefined }, afterId: string | null, take: number): Promise<WebhookEndpoint[]> {
    return this.store.list(this.unitOfWork.reader, filter, afterId, take);
  }

  /** 404 for another tenant's too, and for a tenant those of the platform. */
  async readable(tx: Tx, id: string, principal: Principal): Promise<StoredEndpoint> {
    const endpoint = await this.store.find(tx, id);
    if (endpoint === null || !mayRead(principal, endpoint.tenantId)) throw notFound(id);
    return endpoint;
  }

  async required(tx: Tx, id: string): Promise<StoredEndpoint> {
    const endpoint = await this.store.lock(tx, id);
    if (endpoint === null) throw notFound(id);
    return endpoint;
  }

  remove(id: string, actor: Actor): Promise<void> {
    return this.unitOfWork.run(async (tx) => {
      const endpoint = await this.required(tx, id);
      await this.store.remove(tx, id);
      await this.record(tx, actor, 'webhook_endpoint.deleted', endpoint, null);
    });
  }

  /** The present secret signs for a day more, beside the new one; the one before it ends now. */
  rotateSecret(id: string, actor: Actor): Promise<EndpointWithSecret> {
    return this.unitOfWork.run(async (tx) => {
      const endpoint = await this.required(tx, id);
      const [now, secret] = [this.clock.now(), this.newSecret()];
      const secrets: SealedSecrets = {
        secretEncrypted: this.cipher.encrypt(secretPlace(id), secret),
        previousSecretEncrypted: this.cipher.encrypt(
          previousPlace(id),
          this.cipher.decrypt(secretPlace(id), endpoint.secretEncrypted),
        ),
        previousSecretUntil: new Date(now.getTime() + PREVIOUS_SECRET_MS),
      };
      await this.store.setSecrets(tx, id, secrets, now);
      const after = { previousSecretUntil: secrets.previousSecretUntil };
      await this.record(tx, actor, 'webhook_endpoint.secret_rotated', endpoint, after);
      return { endpoint: { ...endpoint, ...secrets, updatedAt: now }, secret };
    });
  }

  enable(id: string, actor: Actor): Promise<WebhookEndpoint> {
    return this.unitOfWork.run((tx) => this.setState(tx, id, null, actor));
  }

  disable(id: string, actor: Actor): Promise<WebhookEndpoint> {
    return this.unitOfWork.run((tx) => this.setState(tx, id, 'ASKED', actor));
  }

  /** Enabled with null. Asking twice is no second change. */
  async setState(tx: Tx, id: string, because: DisabledBecause | null, actor: Actor): Promise<WebhookEndpoint> {
    const endpoint = await this.required(tx, id);
    const state = because === null ? 'enabled' : 'disabled';
    if (endpoint.state === state) return endpoint;
    const now = this.clock.now();
    await this.store.setState(tx, id, because, now);
    await this.record(tx, actor, `webhook_endpoint.${state}`, endpoint, { because });
    const failingSince = because === null ? null : endpoint.failingSince;
    return { ...endpoint, state, disabledBecause: because, failingSince, updatedAt: now };
  }

  /** What signs now: the present secret, and the one before it during its day. */
  secretsOf(endpoint: StoredEndpoint, now: Date): string[] {
    const { id, secretEncrypted, previousSecretEncrypted, previousSecretUntil } = endpoint;
    const secrets = [this.cipher.decrypt(secretPlace(id), secretEncrypted)];
    if (previousSecretEncrypted !== null && previousSecretUntil !== null && now < previousSecretUntil) {
      secrets.push(this.cipher.decrypt(previousPlace(id), previousSecretEncrypted));
    }
    return secrets;
  }

  private newSecret(): string {
    return secretText(this.ids.random(SECRET_BYTES));
  }

  private record(
    tx: Tx,
    actor: Actor,
    action: string,
    { id, tenantId }: WebhookEndpoint,
    after: unknown,
  ): Promise<void> {
    return this.audit.record(tx, { actor, action, object: { type: 'webhook_endpoint', id }, tenantId, after });
  }
}

/** Those of the platform are for its own readers. */
export function mayRead(principal: Principal, tenantId: string | null): boolean {
  if (tenantId !== null) return principalMayRead(principal, tenantId);
  return principal.scopes.some((scope) => scope === 'platform:admin' || scope === 'platform:read');
}

const secretPlace = (id: string) => ({ table: 'webhook_endpoint', column: 'secret_encrypted', id });
const previousPlace = (id: string) => ({ table: 'webhook_endpoint', column: 'previous_secret_encrypted', id });

function notFound(id: string): RefusalError {
  return new RefusalError(WebhookErrors.ENDPOINT_NOT_FOUND({ detail: `There is no endpoint ${id}` }));
}
