import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RefusalError, type Clock } from '@biplane/kernel';
import {
  ApiPage, CLOCK, Idempotent, IdempotencyKey, KEY, LocatedAt, mapPage, page, PageQuery, UuidParam, type IdempotentRequest, type Page,
  type StoredAnswer, type Tx,
} from '@biplane/service-kit'; // prettier-ignore
import {
  actorOf, CurrentMember, CurrentTenant, Members, recordAccess, TenantIdempotency, type MemberPrincipal,
} from '../access/index.js'; // prettier-ignore
import { RequireModule, Ungated } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { EndItemBody, ItemDto, ItemsQuery, NewItemBody, NewProductBody, ProductDto } from './financials.dto.js';
import { FinancialErrors } from './financials.errors.js';
import { itemJson, productJson } from './financials.json.js';
import { AccountItems } from './items.service.js';
import { listItems } from './items.store.js';
import { newItem, realDay } from './new-item.js';
import { archiveProduct, insertProduct, listProducts } from './products.store.js';

@ApiTags('financials')
@Controller()
@Members('financials:read')
@Ungated('a tenant may read its own books whatever the license says')
export class ItemsController {
  constructor(@Inject(AccountItems) private readonly items: AccountItems) {}

  @Get('items')
  @ApiPage(ItemDto)
  async list(@CurrentTenant() tenant: TenantHandle, @Query() query: ItemsQuery): Promise<Page<ItemDto>> {
    const found = await page(query, {
      fetch: ({ after, take }) =>
        tenant.read((reader) => listItems(reader, { after: after?.[0] ?? null, take, accountId: query.accountId })),
      keyOf: ({ id }) => [id],
      shape: [KEY.uuid],
    });
    return mapPage(found, itemJson);
  }

  @Get('items/:id')
  @ApiOkResponse({ type: ItemDto })
  async show(@CurrentTenant() tenant: TenantHandle, @UuidParam('id') id: string): Promise<ItemDto> {
    return itemJson(await tenant.read((reader) => this.items.item(reader, id)));
  }

  @Get('products')
  @ApiPage(ProductDto)
  async products(@CurrentTenant() tenant: TenantHandle, @Query() query: PageQuery): Promise<Page<ProductDto>> {
    const found = await page(query, {
      fetch: ({ after, take }) => tenant.read((reader) => listProducts(reader, after?.[0] ?? '', take)),
      keyOf: ({ code }) => [code],
      shape: [KEY.code],
    });
    return mapPage(found, productJson);
  }
}

@ApiTags('financials')
@Controller()
@Members('financials:write')
export class ItemAdministrationController {
  constructor(
    @Inject(AccountItems) private readonly items: AccountItems,
    @Inject(TenantIdempotency) private readonly idempotency: TenantIdempotency,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post('products')
  @Idempotent()
  @RequireModule('financials:ledger')
  @ApiCreatedResponse({ type: ProductDto })
  addProduct(
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @Body() { code, name }: NewProductBody,
  ): Promise<StoredAnswer> {
    return this.idempotency.run(tenant, request, async (tx) => {
      const product = { code, name, createdAt: this.clock.now() };
      if (!(await insertProduct(tx, product))) {
        throw new RefusalError(FinancialErrors.PRODUCT_EXISTS({ detail: `There is a product "${code}"` }));
      }
      await this.record(tx, by, 'product.added', `product:${code}`);
      return { status: 201, body: productJson({ ...product, archivedAt: null }) };
    });
  }

  /** It takes no new items from then on; those that there are go on. */
  @Delete('products/:code')
  @HttpCode(204)
  @RequireModule('financials:ledger')
  @ApiNoContentResponse()
  async archiveProduct(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @Param('code') code: string,
  ): Promise<void> {
    await tenant.run(async (tx) => {
      if (!(await archiveProduct(tx, code, this.clock.now()))) {
        throw new RefusalError(FinancialErrors.PRODUCT_UNKNOWN({ detail: 'There is no such product' }));
      }
      await this.record(tx, by, 'product.archived', `product:${code}`);
    });
  }

  /** Charged for from its start on, when a billing run finds a period of it that has begun. */
  @Post('accounts/:id/items')
  @Idempotent()
  @RequireModule('financials:ledger')
  @ApiCreatedResponse({ type: ItemDto })
  @LocatedAt({ 201: 'items/{id}' })
  add(
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @UuidParam('id') accountId: string,
    @Body() body: NewItemBody,
  ): Promise<StoredAnswer> {
    const wanted = newItem(accountId, body);
    return this.idempotency.run(tenant, request, async (tx) => {
      const item = await this.items.add(tx, wanted);
      await this.record(tx, by, 'item.added', `item:${item.id}`);
      return { status: 201, body: itemJson(item) };
    });
  }

  /** Where nothing beyond is charged yet. */
  @Put('items/:id/end')
  @RequireModule('financials:ledger')
  @ApiOkResponse({ type: ItemDto })
  async end(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @UuidParam('id') id: string,
    @Body() { endsOn }: EndItemBody,
  ): Promise<ItemDto> {
    const day = endsOn === null ? null : realDay('endsOn', endsOn);
    return tenant.run(async (tx) => {
      const item = await this.items.end(tx, id, day);
      await this.record(tx, by, 'item.end_changed', `item:${id}`);
      return itemJson(item);
    });
  }

  private record(tx: Tx, by: MemberPrincipal, action: string, object: string): Promise<void> {
    return recordAccess(tx, { at: this.clock.now(), actor: actorOf(by), action, object });
  }
}
