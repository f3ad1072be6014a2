import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
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
import { EndpointsService, type EndpointWithSecret } from './endpoints.service.js';
import { ownersOf } from './owners.js';
import { DeliveryDto, EndpointBody, EndpointDto, EndpointSecretDto, EndpointsQuery } from './webhooks.dto.js';
import { deliveryJson, endpointJson } from './webhooks.json.js';

@ApiTags('webhooks')
@Controller('webhooks/endpoints')
@Scopes('platform:admin')
export class EndpointsController {
  constructor(
    private readonly endpoints: EndpointsService,
    private readonly deliveries: DeliveriesService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** The secret is in this answer and in no other. */
  @Post()
  @ApiCreatedResponse({ type: EndpointSecretDto })
  @LocatedAt({ 201: 'webhooks/endpoints/{id}' })
  async create(@Body() body: EndpointBody, @CurrentActor() actor: Actor): Promise<EndpointSecretDto> {
    const { url, description, eventTypes, tenantId } = body;
    const input = {
      url,
      description: description ?? null,
      eventTypes: eventTypes ?? [],
      tenantId: tenantId?.toLowerCase() ?? null,
    };
    return withSecret(await this.endpoints.create(input, actor));
  }

  /** A tenant's own token sees its own. */
  @Get()
  @Scopes('platform:admin', 'platform:read', TENANT_SCOPE)
  @ApiPage(EndpointDto)
  async list(@Query() query: EndpointsQuery, @CurrentPrincipal() principal: Principal): Promise<Page<EndpointDto>> {
    const { limit, cursor, tenantId } = query;
    const owners = ownersOf(principal, tenantId);
    if (owners === null) return { data: [], page: { nextCursor: null, hasMore: false } };
    const rows = await page(
      { limit, cursor },
      {
        fetch: ({ after, take }) => this.endpoints.list(owners, after?.[0] ?? null, take),
        keyOf: (endpoint) => [endpoint.id],
        shape: [KEY.uuid],
      },
    );
    return mapPage(rows, endpointJson);
  }

  @Get(':id')
  @Scopes('platform:admin', 'platform:read', TENANT_SCOPE)
  @ApiOkResponse({ type: EndpointDto })
  async get(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<EndpointDto> {
    return endpointJson(await this.endpoints.readable(this.unitOfWork.reader, id, principal));
  }

  /** What waits for it goes with it. */
  @Delete(':id')
  @HttpCode(204)
  @ApiNoContentResponse()
  remove(@UuidParam('id') id: string, @CurrentActor() actor: Actor): Promise<void> {
    return this.endpoints.remove(id, actor);
  }

  /** For 24 hours both secrets sign. */
  @Post(':id/rotate-secret')
  @HttpCode(200)
  @ApiOkResponse({ type: EndpointSecretDto })
  async rotate(@UuidParam('id') id: string, @CurrentActor() actor: Actor): Promise<EndpointSecretDto> {
    return withSecret(await this.endpoints.rotateSecret(id, actor));
  }

  @Post(':id/enable')
  @HttpCode(200)
  @ApiOkResponse({ type: EndpointDto })
  async enable(@UuidParam('id') id: string, @CurrentActor() actor: Actor): Promise<EndpointDto> {
    return endpointJson(await this.endpoints.enable(id, actor));
  }

  /** What waits keeps waiting, for three days. */
  @Post(':id/disable')
  @HttpCode(200)
  @ApiOkResponse({ type: EndpointDto })
  async disable(@UuidParam('id') id: string, @CurrentActor() actor: Actor): Promise<EndpointDto> {
    return endpointJson(await this.endpoints.disable(id, actor));
  }

  /** Sends an event of the type `webhook.test` to this endpoint alone; the delivery says how it went. */
  @Post(':id/test')
  @HttpCode(202)
  @ApiAcceptedResponse({ type: DeliveryDto })
  @LocatedAt({ 202: 'webhooks/deliveries/{id}' })
  async test(@UuidParam('id') id: string): Promise<DeliveryDto> {
    return deliveryJson(await this.deliveries.test(id));
  }
}

function withSecret({ endpoint, secret }: EndpointWithSecret): EndpointSecretDto {
  return { ...endpointJson(endpoint), secret };
}
