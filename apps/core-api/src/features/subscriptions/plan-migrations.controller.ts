import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RefusalError } from '@biplane/kernel';
import { LocatedAt, Scopes, StoredAnswer, UuidParam } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { MigratePlanBody, PlanMigrationDto, PlanMigrationPreviewDto } from './plan-migrations.dto.js';
import { PlanMigrationErrors } from './plan-migrations.errors.js';
import { PlanMigrations, type ShownMigration } from './plan-migrations.service.js';

const VERSION = /^[1-9][0-9]{0,5}$/;

@ApiTags('plans')
@Controller('subscription')
@Scopes('platform:admin')
export class PlanMigrationsController {
  constructor(private readonly migrations: PlanMigrations) {}

  /** 202: it is carried out by a job, subscription by subscription. With `preview` 200, and nothing is changed. */
  @Post('plans/:code/versions/:version/migrate')
  @ApiAcceptedResponse({ type: PlanMigrationDto })
  @ApiOkResponse({ type: PlanMigrationPreviewDto })
  @LocatedAt({ 202: 'subscription/plan-migrations/{id}' })
  async migrate(
    @Param('code') code: string,
    @Param('version') version: string,
    @Body() body: MigratePlanBody,
    @CurrentActor() actor: Actor,
  ): Promise<StoredAnswer> {
    if (!VERSION.test(version)) {
      throw new RefusalError(PlanMigrationErrors.NOT_FOUND({ detail: 'Versions are numbers from 1' }));
    }
    if (body.preview === true) {
      const preview = await this.migrations.preview(code, Number(version), body, actor);
      return new StoredAnswer(200, { preview: true, ...preview }, {}, false);
    }
    const migration = await this.migrations.start(code, Number(version), body, actor);
    return new StoredAnswer(202, migrationJson(migration), {}, false);
  }

  @Get('plan-migrations/:id')
  @Scopes('platform:admin', 'platform:read')
  @ApiOkResponse({ type: PlanMigrationDto })
  async get(@UuidParam('id') id: string): Promise<PlanMigrationDto> {
    return migrationJson(await this.migrations.get(id));
  }
}

function migrationJson({ afterId: _, ...migration }: ShownMigration): PlanMigrationDto {
  return migration;
}
