import { Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiTags } from '@nestjs/swagger';
import { RefusalError, type Clock } from '@biplane/kernel';
import { ApiPage, CLOCK, KEY, mapPage, page, Scopes, UnitOfWork, UuidParam, type Page } from '@biplane/service-kit';
import { Audit, CurrentActor, type Actor } from '../audit/index.js';
import { MailDto, MailsQuery } from './mail.dto.js';
import { MailErrors } from './mail.errors.js';
import { MailStore } from './mail.store.js';

@ApiTags('mail')
@Controller('mails')
@Scopes('platform:admin')
export class MailController {
  constructor(
    private readonly store: MailStore,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** How the mails of the last 90 days are doing, newest first. */
  @Get()
  @Scopes('platform:admin', 'platform:read')
  @ApiPage(MailDto)
  async list(@Query() { limit, cursor, state, tenantId }: MailsQuery): Promise<Page<MailDto>> {
    const filter = { state, tenantId: tenantId?.toLowerCase() };
    const rows = await page(
      { limit, cursor },
      {
        fetch: ({ after, take }) => this.store.list(this.unitOfWork.reader, filter, after?.[0] ?? null, take),
        keyOf: ({ id }) => [id],
        shape: [KEY.uuid],
      },
    );
    return mapPage(rows, (mail) => mail);
  }

  /** One that was given up gets all its attempts again, under its Message-ID. */
  @Post(':id/retry')
  @HttpCode(202)
  @ApiAcceptedResponse({ type: MailDto })
  retry(@UuidParam('id') id: string, @CurrentActor() actor: Actor): Promise<MailDto> {
    return this.unitOfWork.run(async (tx) => {
      const before = await this.store.find(tx, id);
      if (before === null) throw new RefusalError(MailErrors.NOT_FOUND({ detail: `There is no mail ${id}` }));
      if (!(await this.store.revive(tx, id, this.clock.now())))
        throw new RefusalError(MailErrors.NOT_DEAD({ detail: `The mail ${id} is ${before.state}` }));
      const { kind, tenantId, lastError } = before;
      const object = { type: 'mail', id };
      await this.audit.record(tx, { actor, action: 'mail.retried', object, tenantId, before: { kind, lastError } });
      return (await this.store.find(tx, id))!;
    });
  }
}
