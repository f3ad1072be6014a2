import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RefusalError } from '@biplane/kernel';
import {
  CurrentPrincipal,
  EntityTagged,
  IfMatch,
  Scopes,
  TENANT_SCOPE,
  UnitOfWork,
  UuidParam,
  type Precondition,
  type Principal,
} from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { BillingSettingsBody, BillingSettingsDto, OwnDiscountBody } from './billing-settings.dto.js';
import { BillingSettingsErrors } from './billing-settings.errors.js';
import { BillingSettings, DUE_DAYS } from './billing-settings.service.js';
import type { Proposed } from './domain/check-settings.js';
import type { OwnDiscount } from './domain/discounts.js';
import type { Settings } from './domain/settings.js';

@ApiTags('billing')
@Controller('tenants/:id/billing-settings')
export class BillingSettingsController {
  constructor(
    private readonly settings: BillingSettings,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  @Get()
  @EntityTagged()
  @Scopes('platform:admin', 'platform:read', TENANT_SCOPE)
  @ApiOperation({ summary: 'How a tenant is billed now' })
  @ApiOkResponse({ type: BillingSettingsDto })
  async get(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<BillingSettingsDto> {
    return settingsJson(await this.settings.readable(this.unitOfWork.reader, id, principal));
  }

  /** What is left out is null, empty or its default. Another zone holds from the next month on. */
  @Put()
  @EntityTagged()
  @Scopes('platform:admin')
  @ApiOperation({ summary: 'Replace the settings as a whole' })
  @ApiOkResponse({ type: BillingSettingsDto })
  async put(
    @UuidParam('id') id: string,
    @Body() body: BillingSettingsBody,
    @IfMatch() expected: Precondition,
    @CurrentActor() actor: Actor,
  ): Promise<BillingSettingsDto> {
    await this.settings.replace(id, proposed(body), actor, (present) => expected.holds(settingsJson(present)));
    return settingsJson(await this.settings.one(this.unitOfWork.reader, id));
  }
}

function proposed(body: BillingSettingsBody): Proposed {
  const { currency, timeZone, country, payByInvoice, autoInvoice, autoReminders, locale } = body;
  return {
    currency, timeZone, country, payByInvoice, autoInvoice, autoReminders, locale,
    taxId: body.taxId ?? null,
    taxIdValid: body.taxIdValid ?? false,
    address: body.address ?? null,
    email: body.email ?? null,
    paymentMethod: body.paymentMethod ?? null,
    dueDays: body.dueDays ?? DUE_DAYS,
    discounts: (body.discounts ?? []).map(ownDiscount),
  }; // prettier-ignore
}

function ownDiscount(body: OwnDiscountBody, index: number): OwnDiscount {
  const { kind, amount, rate, description = null, from, to = null } = body;
  const dated = { description, from, to };
  if (kind === 'amount' && amount !== undefined && rate === undefined) return { kind, amount, ...dated };
  if (kind === 'percent' && rate !== undefined && amount === undefined) return { kind, rate, ...dated };
  const detail = 'an amount has `amount` alone, a percentage `rate` alone';
  const errors = [{ pointer: `/discounts/${index}`, code: 'VALUE', detail }];
  throw new RefusalError(BillingSettingsErrors.INVALID({ detail, errors }));
}

function settingsJson({ zones, ...settings }: Settings): BillingSettingsDto {
  const last = zones[zones.length - 1]!;
  return { ...settings, nextTimeZone: last.timeZone === settings.timeZone ? null : last };
}
