import { Body, Controller, Get, Inject, Post, Query, type StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IdempotencyKey, type IdempotentRequest, type StoredAnswer } from '@biplane/service-kit';
import { actorOf, CurrentMember, CurrentTenant, Members, needs, type MemberPrincipal } from '../access/index.js';
import { ApiCsvFile, csvFile, ImportQuery, ImportRuns, ImportsCsv, type ImportReportDto } from '../imports/index.js';
import { RequireModule, Ungated } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { listKnownItems } from './item-files.store.js';
import { cellsOfItem, type KnownItem } from './item-import-plan.js';
import { ITEM_COLUMNS } from './item-rows.js';
import { ItemsImport, PRODUCT_COLUMNS } from './items-import.service.js';
import { listProducts, type Product } from './products.store.js';

@ApiTags('financials')
@Controller()
@Members('financials:write')
export class ItemImportController {
  constructor(
    @Inject(ItemsImport) private readonly items: ItemsImport,
    @Inject(ImportRuns) private readonly imports: ImportRuns,
  ) {}

  /**
   * All rows or none: columns externalId, memberEmail, productCode, description, price, currency, quantity, intervalMonths, timeZone,
   * startsOn, endsOn, anchor. What the external id names is left as it is, and must be as its row says. A member without an account in
   * the currency gets one. An item is charged from its start on, as one that is added alone. Needs members:read too.
   */
  @Post('items/import')
  @ImportsCsv()
  @RequireModule('financials:ledger')
  async importItems(
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @Query() query: ImportQuery,
    @Body() text: string,
  ): Promise<StoredAnswer | ImportReportDto> {
    needs(by, 'members:read');
    const file = await this.items.readItems(text);
    return this.imports.run(tenant, request, query, (tx) => this.items.addItems(tx, file, actorOf(by)));
  }

  /** All rows or none: columns code, name. A code that is there is left as it is, and must have the name of its row. */
  @Post('products/import')
  @ImportsCsv()
  @RequireModule('financials:ledger')
  async importProducts(
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @Query() query: ImportQuery,
    @Body() text: string,
  ): Promise<StoredAnswer | ImportReportDto> {
    const file = await this.items.readProducts(text);
    return this.imports.run(tenant, request, query, (tx) => this.items.addProducts(tx, file, actorOf(by)));
  }
}

@ApiTags('financials')
@Controller()
@Members('financials:read')
@Ungated('a tenant may read its own books whatever the license says')
export class ItemExportController {
  /** As the import reads it, by id; those of erased members are not in it. Needs members:read too: it names members by their address. */
  @Get('items/export')
  @ApiCsvFile()
  items(@CurrentTenant() tenant: TenantHandle, @CurrentMember() by: MemberPrincipal): StreamableFile {
    needs(by, 'members:read');
    return csvFile('items', ITEM_COLUMNS, {
      pages: (after: KnownItem | null, take) =>
        tenant.read((reader) => listKnownItems(reader, after?.id ?? null, take)),
      cellsOf: cellsOfItem,
    });
  }

  /** As the import reads it, by code; archived ones too. */
  @Get('products/export')
  @ApiCsvFile()
  products(@CurrentTenant() tenant: TenantHandle): StreamableFile {
    return csvFile('products', PRODUCT_COLUMNS, {
      pages: (after: Product | null, take) => tenant.read((reader) => listProducts(reader, after?.code ?? '', take)),
      cellsOf: ({ code, name }) => ({ code, name }),
    });
  }
}
