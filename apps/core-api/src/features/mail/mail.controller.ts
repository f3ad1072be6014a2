import { Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RefusalError, type Clock } from '@biplane/kernel';
import {
  ApiPage,
  CLOCK,
  KEY,
  LocatedAt,
  mapPage,
  page,
  Scopes,
  UnitOfWork,
  UuidParam,
  type Page,
  type Tx,
} from '@biplane/service-kit';
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

  @Get(':id')
  @Scopes('platform:admin', 'platform:read')
  @ApiOkResponse({ type: MailDto })
  get(@UuidParam('id') id: string): Promise<MailDto> {
    return this.required(this.unitOfWork.reader, id);
  }

  /** One that was given up gets all its attempts again, under its Message-ID. */
  @Post(':id/retry')
  @HttpCode(202)
  @ApiAcceptedResponse({ type: MailDto })
  @LocatedAt({ 202: 'mails/{id}' })
  retry(@UuidParam('id') id: string, @CurrentActor() actor: Actor): Promise<MailDto> {
    return this.unitOfWork.run(async (tx) => {
      const before = await this.required(tx, id);
      if (!(await this.store.revive(tx, id, this.clock.now())))
        throw new RefusalError(MailErrors.NOT_DEAD({ detail: `The mail ${id} is ${before.state}` }));
      const { kind, tenantId, lastError } = before;
      const object = { type: 'mail', id };
      await this.audit.record(tx, { actor, action: 'mail.retried', object, tenantId, before: { kind, lastError } });
      return this.required(tx, id);
    });
  }

  private async required(tx: Tx, id: string): Promise<MailDto> {
    const mail = await this.store.find(tx, id);
    if (mail === null) throw new RefusalError(MailErrors.NOT_FOUND({ detail: `There is no mail ${id}` }));
    return mail;
  }
}
