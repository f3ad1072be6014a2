import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import {
  CLOCK,
  IdempotencyService,
  type Answer,
  type IdempotentRequest,
  type StoredAnswer,
  type Tx,
} from '@biplane/service-kit';
import type { TenantHandle } from '../tenancy/index.js';

/** POSTs of members: the answer is stored in the tenant's own database, in the transaction of its effect. */
@Injectable()
export class TenantIdempotency {
  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  run(tenant: TenantHandle, request: IdempotentRequest, work: (tx: Tx) => Promise<Answer>): Promise<StoredAnswer> {
    return new IdempotencyService(tenant, this.clock).run(request, work);
  }
}
