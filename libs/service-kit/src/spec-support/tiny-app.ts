import { Body, Controller, Get, Inject, Module, Post, Query, type DynamicModule } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { RefusalError } from '@biplane/kernel';
import { Type } from 'class-transformer';
import { IsArray, IsIn, IsInt, IsOptional, IsString, MaxLength, Min, ValidateNested } from 'class-validator';
import { AccessBy, CurrentPrincipal, Public, Scopes } from '../auth/access.decorators.js';
import { principalMayRead, type Principal } from '../auth/principal.js';
import { DatabaseModule } from '../database/database.module.js';
import type { PrismaAdapter } from '../database/open-database.js';
import { executeSql } from '../database/tx.js';
import { Idempotent, IdempotencyKey, type IdempotentRequest } from '../idempotency/idempotency-key.decorator.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import type { StoredAnswer } from '../idempotency/stored-answer.js';
import { ApiInstant, ApiPage, MoneyDto } from '../http/answers.js';
import { page, PageQuery, type Page } from '../http/paging.js';
import { RequestErrors } from '../problems/request.errors.js';
import { UuidParam } from '../problems/uuid-param.js';
import { ServiceKitModule } from '../service-kit.module.js';
import type { KeyFiles } from './key-files.js';

class PartBody {
  @IsString()
  @MaxLength(10)
  name!: string;
}

class ThingBody {
  @IsString()
  @MaxLength(20)
  name!: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  size?: number;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => PartBody)
  parts?: PartBody[];
}

class ThingQuery extends PageQuery {
  @ApiPropertyOptional({ enum: ['red', 'blue'] })
  @IsOptional()
  @IsIn(['red', 'blue'])
  color?: string;
}

class ThingDto {
  @ApiProperty() id!: string;
  @ApiProperty({ type: MoneyDto, nullable: true, required: false }) price?: MoneyDto | null;
  @ApiProperty({ enum: ['red', 'blue'], nullable: true, required: false }) color?: string | null;
  @ApiInstant({ nullable: true, required: false }) soldAt?: Date | null;
}

@Controller('things')
export class ThingsController {
  constructor(@Inject(IdempotencyService) private readonly idempotency: IdempotencyService) {}

  @Post()
  @Scopes('platform:admin')
  @Idempotent()
  create(@Body() body: ThingBody, @IdempotencyKey() request: IdempotentRequest): Promise<StoredAnswer> {
    return this.idempotency.run(request, async (tx) => {
      await executeSql(tx, 'INSERT INTO thing (name) VALUES ($1)', [body.name]);
      if (body.name === 'refused') throw new RefusalError(RequestErrors.CONFLICT({ detail: 'no' }));
      return {
        status: 201,
        body: { name: body.name, token: 'once' },
        headers: { location: `/api/v1/things/${body.name}` },
        secretPointers: ['/token'],
      };
    });
  }

  @Post('spin')
  @Scopes('platform:admin')
  spin(): void {}

  @Get('names')
  @Scopes('platform:read')
  names(@Query() { limit }: PageQuery): string[] {
    return ['t0', 't1'].slice(0, limit);
  }

  @Get()
  @Scopes('platform:read')
  @ApiPage(ThingDto)
  list(@Query() query: ThingQuery): Promise<Page<ThingDto>> {
    const all = Array.from({ length: 5 }, (_, index) => ({ id: `t${index}` }));
    return page(query, {
      fetch: async ({ after, take }) => all.filter((row) => after === null || row.id > after[0]!).slice(0, take),
      keyOf: (row) => [row.id],
      shape: [/^.+$/],
    });
  }

  @Get('broken')
  @Scopes('platform:read')
  broken(): never {
    throw new Error('secret detail of a bug');
  }

  @Get('own')
  @AccessBy('a test')
  own(): string[] {
    return [];
  }

  @Get(':id')
  @Scopes('platform:read', 'tenant:*')
  show(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): { id: string } {
    if (!principalMayRead(principal, id)) throw new RefusalError(RequestErrors.NOT_FOUND({ detail: 'No such thing' }));
    return { id };
  }

  @Post('echo')
  @Public('a test')
  echo(@Body() body: unknown): unknown {
    return { body };
  }
}

@Controller('internal/things')
export class InternalThingsController {
  @Get()
  @Scopes('platform:read')
  list(): string[] {
    return [];
  }
}

@Controller('open')
export class UndeclaredController {
  @Get()
  forgotten(): string {
    return '';
  }
}

@Module({})
export class TinyModule {
  static register(options: {
    keys: Omit<KeyFiles, 'remove'>;
    databaseUrl: string;
    clientFactory: (adapter: PrismaAdapter) => unknown;
    issuer?: string;
    undeclared?: boolean;
    burst?: number;
  }): DynamicModule {
    const { keys, databaseUrl: url, clientFactory } = options;
    return {
      module: TinyModule,
      controllers: [
        ThingsController,
        InternalThingsController,
        ...(options.undeclared === true ? [UndeclaredController] : []),
      ],
      imports: [
        ServiceKitModule.forRoot({
          service: { name: 'tiny', version: '1.2.3', instanceId: 'tiny-0' },
          nodeEnv: 'test',
          logLevel: 'silent',
          clockFile: undefined,
          fieldKeysFile: keys.fieldKeysFile,
          auth: {
            issuer: options.issuer ?? 'biplane-control',
            clientsFile: keys.clientsFile,
            tokenKeyFile: keys.tokenKeyFile,
            ...(options.burst === undefined ? {} : { rateLimit: { perSecond: 0.001, burst: options.burst } }),
          },
        }),
        DatabaseModule.forRoot({ url, clientFactory }),
        IdempotencyModule,
      ],
    };
  }
}
