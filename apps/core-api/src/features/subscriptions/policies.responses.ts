import { ApiProperty } from '@nestjs/swagger';
import { ApiInstant } from '@biplane/service-kit';
import { STRATEGIES, type Strategy } from '../catalog/index.js';

export class OverrideDto {
  @ApiProperty({ example: 'financials' }) readonly module!: string;
  @ApiProperty({ example: 'api_calls' }) readonly meter!: string;
  @ApiProperty({ type: String, nullable: true, example: '20' }) readonly cap!: string | null;
  @ApiProperty({ type: String, enum: STRATEGIES, nullable: true }) readonly strategy!: Strategy | null;
  @ApiProperty({ example: 'pilot' }) readonly reason!: string;
  @ApiInstant({ nullable: true, description: 'It ends by itself then' }) readonly until!: Date | null;
  @ApiProperty({ example: 'admin' }) readonly actor!: string;
  @ApiInstant() readonly at!: Date;
}

export class FlagDto {
  @ApiProperty({ example: 'beta_reports' }) readonly flag!: string;
  @ApiProperty() readonly enabled!: boolean;
  @ApiProperty({ example: 'pilot' }) readonly reason!: string;
  @ApiInstant({ nullable: true, description: 'It ends by itself then' }) readonly until!: Date | null;
  @ApiProperty({ example: 'admin' }) readonly actor!: string;
  @ApiInstant() readonly at!: Date;
}

export class ModuleEventDto {
  @ApiProperty({ example: 'financials' }) readonly module!: string;
  @ApiProperty() readonly enabled!: boolean;
  @ApiProperty({ example: 'admin' }) readonly actor!: string;
  @ApiInstant() readonly at!: Date;
}

/** What holds for one deployment beside its plan. */
export class PolicyDto {
  @ApiProperty({ format: 'uuid' }) readonly deploymentId!: string;
  @ApiProperty({ type: [OverrideDto] }) readonly overrides!: readonly OverrideDto[];
  @ApiProperty({ type: [String], example: ['financials'] }) readonly disabledModules!: readonly string[];
  @ApiProperty({ type: [FlagDto] }) readonly flags!: readonly FlagDto[];
  @ApiProperty({ type: [ModuleEventDto], description: 'Every switch, oldest first' })
  readonly moduleEvents!: readonly ModuleEventDto[];
}
