import { Body, Controller, Headers, HttpCode, Post } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RefusalError } from '@biplane/kernel';
import { CurrentPrincipal, invalid, Scopes, type Principal } from '@biplane/service-kit';
import { CheckBody, DecisionDto, decisionJson } from './checks.dto.js';
import { EntitlementChecks } from './checks.service.js';

const KEY = /^[\x21-\x7e]{1,255}$/;

@ApiTags('entitlements')
@Controller('subscription')
@Scopes('platform:admin', 'entitlements:check')
export class ChecksController {
  constructor(private readonly checks: EntitlementChecks) {}

  @Post('check')
  @HttpCode(200)
  @ApiOperation({ summary: 'May this deployment do this now? A denial is an answer: 200, whatever it decides' })
  @ApiHeader({ name: 'Idempotency-Key', required: false, schema: { type: 'string', minLength: 1, maxLength: 255 } })
  @ApiOkResponse({ type: DecisionDto })
  async check(
    @Body() body: CheckBody,
    @CurrentPrincipal() principal: Principal,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<DecisionDto> {
    if (key !== undefined && !KEY.test(key)) {
      const detail = 'Idempotency-Key is 1 to 255 printable characters';
      throw new RefusalError(invalid([{ pointer: '/headers/idempotency-key', code: 'INVALID', detail }]));
    }
    return decisionJson(await this.checks.check(body, principal, key));
  }
}
