import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiPage, mapPage, page, Scopes, UnitOfWork, type Page, KEY } from '@biplane/service-kit';
import { AuditEntryDto, AuditQuery } from './audit.dto.js';
import { AuditStore } from './audit.store.js';

@ApiTags('audit')
@Controller('audit')
export class AuditController {
  constructor(
    private readonly store: AuditStore,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Newest first. */
  @Get()
  @Scopes('platform:admin')
  @ApiPage(AuditEntryDto)
  async list(@Query() query: AuditQuery): Promise<Page<AuditEntryDto>> {
    const { limit, cursor, from, to, ...equal } = query;
    const filter = { ...equal, from: from ? new Date(from) : undefined, to: to ? new Date(to) : undefined };
    const rows = await page(
      { limit, cursor },
      {
        fetch: ({ after, take }) =>
          this.store.list(this.unitOfWork.reader, filter, take, after && BigInt(after[0] ?? 0)),
        keyOf: (row) => [String(row.id)],
        shape: [KEY.number],
      },
    );
    return mapPage(rows, (row) => ({ ...row, id: String(row.id) }));
  }
}
