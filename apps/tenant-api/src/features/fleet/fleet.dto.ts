import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { DATABASE_STATES, type DatabaseState } from '@biplane/contracts';
import { PagePositionDto, PageQuery } from '@biplane/service-kit';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { TenantDatabaseResponse } from '../tenancy/index.js';
import { ATTEMPTS_MAX } from './domain/attempts.js';
import { RUN_STATES, type RunState } from './domain/run-rules.js';
import { AT_ONCE_MAX } from './fleet.service.js';
import { SCHEMA_STATES, type SchemaState } from './fleet-view.store.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const WAVES_MAX = 20;
const WAVE_SIZE_MAX = 10_000;

export class FleetQuery extends PageQuery {
  @IsOptional()
  @IsIn(DATABASE_STATES)
  state?: DatabaseState;

  @IsOptional()
  @IsIn(SCHEMA_STATES)
  schemaState?: SchemaState;

  @IsOptional()
  @IsString()
  @Matches(UUID, { message: 'runId must be a UUID in lower case' })
  runId?: string;
}

export class MigrateFleetRequest {
  @ApiPropertyOptional({ description: 'Shows what a run would do, and begins none' })
  @IsOptional()
  @IsBoolean()
  dryRun?: boolean;

  @ApiPropertyOptional({
    type: [Number],
    description:
      'Databases of each wave after the five canaries; what they leave is the last wave. Waves grow by five without it',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(WAVES_MAX)
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(WAVE_SIZE_MAX, { each: true })
  waves?: number[];

  @ApiPropertyOptional({
    description: `Databases at once, in all replicas together; at most and by default ${AT_ONCE_MAX}`,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(AT_ONCE_MAX)
  atOnceMax?: number;

  @ApiPropertyOptional({ description: 'More failures than this percentage of all stop the run; 1 by default' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(100)
  failuresPercentMax?: number;

  @ApiPropertyOptional({ description: `Tries of a database whose tables are locked; ${ATTEMPTS_MAX} by default` })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(50)
  attemptsMax?: number;
}

export class WaveResponse {
  @ApiProperty({ description: '0: the canaries' }) wave!: number;
  @ApiProperty() pending!: number;
  @ApiProperty() running!: number;
  @ApiProperty() done!: number;
  @ApiProperty() failed!: number;
  @ApiProperty() skipped!: number;
}

export class FleetRunResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ description: 'The newest migration of the program that began it' }) targetVersion!: string;
  @ApiProperty({ enum: RUN_STATES }) state!: RunState;
  @ApiProperty({ type: String, nullable: true, description: 'Why it is stopped' }) reason!: string | null;
  @ApiProperty({ description: 'The last wave that is worked on' }) wave!: number;
  @ApiProperty({ type: [WaveResponse] }) waves!: readonly WaveResponse[];
  @ApiProperty() atOnceMax!: number;
  @ApiProperty() failuresPercentMax!: number;
  @ApiProperty() attemptsMax!: number;
  @ApiProperty({ description: 'Failures that an operator went on after' }) failuresAcknowledged!: number;
  @ApiProperty() requestedBy!: string;
  @ApiProperty({ format: 'date-time' }) createdAt!: string;
  @ApiProperty({ format: 'date-time' }) updatedAt!: string;
  @ApiProperty({ type: String, nullable: true, format: 'date-time' }) endedAt!: string | null;
}

export class FleetRunsResponse {
  @ApiProperty({ type: [FleetRunResponse] }) data!: readonly FleetRunResponse[];
  @ApiProperty({ type: PagePositionDto }) page!: PagePositionDto;
}

export class SkippedResponse {
  @ApiProperty() reason!: string;
  @ApiProperty() databases!: number;
}

export class MigrateFleetResponse {
  @ApiProperty({ description: 'The newest migration of this program' }) schemaVersion!: string;
  @ApiProperty({ description: 'Databases that this home knows' }) databases!: number;
  @ApiProperty({ description: 'Of them at that migration already' }) current!: number;
  @ApiProperty({ type: [Number], description: 'Databases of each wave of a run begun now, canaries first' })
  plannedWaves!: readonly number[];
  @ApiProperty({ type: [SkippedResponse] }) skipped!: readonly SkippedResponse[];
  @ApiProperty({ type: FleetRunResponse, nullable: true, description: 'Null after a dry run' })
  run!: FleetRunResponse | null;
}

export class FleetDatabaseResponse extends TenantDatabaseResponse {
  @ApiProperty({ enum: SCHEMA_STATES, description: 'On its way to the schema of this program' })
  schemaState!: SchemaState;
  @ApiProperty({ type: String, nullable: true, format: 'uuid', description: 'The newest run that has it' })
  runId!: string | null;
  @ApiProperty({ type: Number, nullable: true }) wave!: number | null;
  @ApiProperty({ type: String, nullable: true, description: 'Why it failed, was skipped or waits: a code' })
  migrationReason!: string | null;
  @ApiProperty({ type: String, nullable: true }) failedMigration!: string | null;
  @ApiProperty({ type: Number, nullable: true }) migrationAttempt!: number | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Over all applied migrations, as the database itself says',
  })
  checksum!: string | null;
}

export class FleetResponse {
  @ApiProperty({ description: 'The newest migration of this program' }) schemaVersion!: string;
  @ApiProperty({ description: 'Over all its migrations' }) checksum!: string;
  @ApiProperty({ type: [FleetDatabaseResponse] }) data!: readonly FleetDatabaseResponse[];
  @ApiProperty({ type: PagePositionDto }) page!: PagePositionDto;
}
