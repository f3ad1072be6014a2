import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { orThrow, parseMoney, RefusalError } from '@biplane/kernel';
import {
  ApiPage,
  CurrentPrincipal,
  IdempotencyKey,
  IdempotencyService,
  Idempotent,
  invalid,
  KEY,
  LocatedAt,
  mapPage,
  page,
  PageQuery,
  Scopes,
  TENANT_SCOPE,
  UnitOfWork,
  UuidParam,
  type IdempotentRequest,
  type Page,
  type Principal,
  type StoredAnswer,
} from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { CreditNotes } from './credit-notes.service.js';
import type { CreditRequest } from './domain/credit.js';
import { amountJson } from './invoice.json.js';
import { InvoiceErrors } from './invoices.errors.js';
import { InvoicesService, notFound } from './invoices.service.js';
import { Payments } from './payments.service.js';
import type { Payment } from './payments.store.js';
import { CreditNoteBody, CreditNoteDto, PaymentBody, PaymentDto, type AmountBody } from './settlement.dto.js';
import type { StoredInvoice } from './stored-invoice.js';
import { mayReadOf } from './visibility.js';

@ApiTags('billing')
@Controller('billing')
export class SettlementController {
  constructor(
    private readonly invoices: InvoicesService,
    private readonly payments: Payments,
    private readonly creditNotes: CreditNotes,
    private readonly idempotency: IdempotencyService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  @Post('invoices/:id/payments')
  @Idempotent()
  @Scopes('platform:admin', 'billing:write')
  @ApiOperation({ summary: 'Record money that came for an invoice: all of it, a part, or too much' })
  @ApiCreatedResponse({ type: PaymentDto })
  @ApiOkResponse({ type: PaymentDto, description: "The payment that the provider's reference named before" })
  pay(
    @UuidParam('id') id: string,
    @Body() body: PaymentBody,
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentActor() actor: Actor,
  ): Promise<StoredAnswer> {
    const { amount, method, provider = null, providerReference = null, receivedAt } = body;
    return this.idempotency.run(request, async (tx) => {
      const { payment, recorded } = await this.payments.record(
        tx,
        id,
        {
          ...{ method, provider, providerReference },
          amount: amount && { amount: amount.amount, currency: amount.currency },
          receivedAt: receivedAt === undefined ? undefined : new Date(receivedAt),
        },
        actor,
      );
      return { status: recorded ? 201 : 200, body: paymentJson(payment) };
    });
  }

  @Get('invoices/:id/payments')
  @Scopes('platform:admin', 'platform:read', 'billing:write', TENANT_SCOPE)
  @ApiOperation({ summary: 'What was paid on an invoice, newest first' })
  @ApiPage(PaymentDto)
  async paid(
    @UuidParam('id') id: string,
    @Query() query: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<PaymentDto>> {
    await this.readable(id, principal);
    const reader = this.unitOfWork.reader;
    const found = await page<Payment>(query, {
      fetch: ({ after, take }) => this.payments.list(reader, id, after?.[0] ?? null, take),
      keyOf: (payment) => [payment.id],
      shape: [KEY.uuid],
    });
    return mapPage(found, paymentJson);
  }

  @Post('invoices/:id/credit-notes')
  @Idempotent()
  @Scopes('platform:admin', 'billing:write')
  @ApiOperation({ summary: 'Credit an invoice: what is left of it, an amount with its tax, or lines' })
  @ApiCreatedResponse({ type: CreditNoteDto })
  @LocatedAt({ 201: 'billing/credit-notes/{id}' })
  credit(
    @UuidParam('id') id: string,
    @Body() body: CreditNoteBody,
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentActor() actor: Actor,
  ): Promise<StoredAnswer> {
    if (body.amount !== undefined && body.lines !== undefined) {
      const detail = 'Either an amount or lines are credited, not both';
      throw new RefusalError(invalid([{ pointer: '/lines', code: 'AMOUNT_OR_LINES', detail }]));
    }
    return this.idempotency.run(request, async (tx) => {
      const wanted = creditRequest(await this.invoices.stored(tx, id), body);
      const crediting = { request: wanted, reason: body.reason, cause: 'manual' } as const;
      const note: CreditNoteDto = await this.creditNotes.credit(tx, id, crediting, actor);
      return { status: 201, body: note };
    });
  }

  @Get('invoices/:id/credit-notes')
  @Scopes('platform:admin', 'platform:read', 'billing:write', TENANT_SCOPE)
  @ApiOperation({ summary: 'What was credited of an invoice, newest first' })
  @ApiPage(CreditNoteDto)
  async credited(
    @UuidParam('id') id: string,
    @Query() query: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<CreditNoteDto>> {
    await this.readable(id, principal);
    const reader = this.unitOfWork.reader;
    return page<CreditNoteDto>(query, {
      fetch: ({ after, take }) => this.creditNotes.list(reader, id, after?.[0] ?? null, take),
      keyOf: (note) => [note.id],
      shape: [KEY.uuid],
    });
  }

  @Get('credit-notes/:id')
  @Scopes('platform:admin', 'platform:read', 'billing:write', TENANT_SCOPE)
  @ApiOperation({ summary: 'Show a credit note' })
  @ApiOkResponse({ type: CreditNoteDto })
  async creditNote(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<CreditNoteDto> {
    const note = await this.creditNotes.get(this.unitOfWork.reader, id);
    if (mayReadOf(principal, note.buyer.tenantId)) return note;
    throw new RefusalError(InvoiceErrors.CREDIT_NOTE_NOT_FOUND({ detail: `There is no credit note ${id}` }));
  }

  private async readable(id: string, principal: Principal): Promise<void> {
    const { tenantId } = await this.invoices.stored(this.unitOfWork.reader, id);
    if (!mayReadOf(principal, tenantId)) throw notFound(id);
  }
}

function creditRequest(invoice: StoredInvoice, { amount, lines }: CreditNoteBody): CreditRequest {
  if (amount !== undefined) return { of: 'amount', minor: minorOf(invoice, amount) };
  if (lines === undefined) return { of: 'rest' };
  return { of: 'lines', lines: lines.map((line) => ({ lineId: line.lineId, minor: minorOf(invoice, line.amount) })) };
}

function minorOf({ number, currency }: StoredInvoice, amount: AmountBody): bigint {
  if (amount.currency === currency) return orThrow(parseMoney(amount)).minor;
  throw new RefusalError(InvoiceErrors.CURRENCY_MISMATCH({ detail: `The invoice ${number} is in ${currency}` }));
}

function paymentJson(payment: Payment): PaymentDto {
  const { id, invoiceId, method, provider, providerReference, receivedAt, recordedAt } = payment;
  return {
    ...{ id, invoiceId, method, provider, providerReference },
    amount: amountJson(payment.amountMinor, payment),
    applied: amountJson(payment.appliedMinor, payment),
    toBalance: amountJson(payment.excessMinor, payment),
    receivedAt: receivedAt.toISOString(),
    recordedAt: recordedAt.toISOString(),
  };
}
