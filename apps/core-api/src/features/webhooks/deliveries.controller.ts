import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  CurrentPrincipal,
  KEY,
  LocatedAt,
  mapPage,
  page,
  Scopes,
  TENANT_SCOPE,
  UnitOfWork,
  UuidParam,
  type Page,
  type Principal,
} from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { DeliveriesService } from './deliveries.service.js';
import { DeliveriesStore } from './deliveries.store.js';
import { ownersOf } from './owners.js';
import { DeliveriesQuery, DeliveryDto, DeliveryPageDto } from './webhooks.dto.js';
import { deliveryJson, deliveryPageJson } from './webhooks.json.js';

@ApiTags('webhooks')
@Controller('webhooks/deliveries')
@Scopes('platform:admin', 'platform:read', TENANT_SCOPE)
export class DeliveriesController {
  constructor(
    private readonly deliveries: DeliveriesService,
    private readonly store: DeliveriesStore,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** The delivery log, newest first; kept for 30 days. A tenant's own token sees those of its own endpoints. */
  @Get()
  @ApiPage(DeliveryDto)
  async list(@Query() query: DeliveriesQuery, @CurrentPrincipal() principal: Principal): Promise<Page<DeliveryDto>> {
    const { limit, cursor, tenantId, ...filter } = query;
    const owners = ownersOf(principal, tenantId);
    if (owners === null) return { data: [], page: { nextCursor: null, hasMore: false } };
    const rows = await page(
      { limit, cursor },
      {
        fetch: ({ after, take }) =>
          this.store.list(this.unitOfWork.reader, { ...filter, ...owners }, after?.[0] ?? null, take),
        keyOf: (delivery) => [delivery.id],
        shape: [KEY.uuid],
      },
    );
    return mapPage(rows, deliveryJson);
  }

  @Get(':id')
  @ApiOkResponse({ type: DeliveryPageDto })
  async get(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<DeliveryPageDto> {
    return deliveryPageJson(await this.deliveries.readable(this.unitOfWork.reader, id, principal));
  }

  /** Sends the same bytes under the same `webhook-id` once more. */
  @Post(':id/replay')
  @HttpCode(202)
  @Scopes('platform:admin')
  @ApiAcceptedResponse({ type: DeliveryDto })
  @LocatedAt({ 202: 'webhooks/deliveries/{id}' })
  async replay(@UuidParam('id') id: string, @CurrentActor() actor: Actor): Promise<DeliveryDto> {
    return deliveryJson(await this.deliveries.replay(id, actor));
  }
}
