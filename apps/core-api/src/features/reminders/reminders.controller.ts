import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RefusalError } from '@biplane/kernel';
import { CurrentPrincipal, Scopes, TENANT_SCOPE, UnitOfWork, UuidParam, type Principal } from '@biplane/service-kit';
import { InvoiceErrors, InvoicesService, mayReadOf } from '../invoices/index.js';
import { RemindersDto } from './reminders.dto.js';
import { Reminders } from './reminders.service.js';

@ApiTags('billing')
@Controller('billing/invoices/:id/reminders')
export class RemindersController {
  constructor(
    private readonly reminders: Reminders,
    private readonly invoices: InvoicesService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  @Get()
  @Scopes('platform:admin', 'platform:read', 'billing:write', TENANT_SCOPE)
  @ApiOperation({ summary: 'What an invoice was reminded of, and what was left out' })
  @ApiOkResponse({ type: RemindersDto })
  async list(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<RemindersDto> {
    const reader = this.unitOfWork.reader;
    const { tenantId } = await this.invoices.stored(reader, id);
    if (!mayReadOf(principal, tenantId))
      throw new RefusalError(InvoiceErrors.NOT_FOUND({ detail: `There is no invoice ${id}` }));
    const data = (await this.reminders.ofInvoice(reader, id)).map(
      ({ level, state, skippedBecause, dueAt, decidedAt, pdfSha256, mailId }) => {
        return { level, state, skippedBecause, dueAt, decidedAt, pdfSha256, mailId };
      },
    );
    return { data };
  }
}
