import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiOkResponse, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Idempotent, ReadsCsv } from '@biplane/service-kit';
import { IsIn, IsOptional } from 'class-validator';

export class ImportQuery {
  /** Answers as the import would, and writes nothing. */
  @ApiPropertyOptional({ enum: ['true', 'false'], default: 'false' })
  @IsOptional()
  @IsIn(['true', 'false'])
  dryRun?: 'true' | 'false';
}

export class ImportReportDto {
  @ApiProperty() readonly dryRun!: boolean;
  @ApiProperty({ type: 'integer' }) readonly rows!: number;
  @ApiProperty({ type: 'integer' }) readonly added!: number;
  @ApiProperty({ type: 'integer', description: 'What was there already, as the file says it' })
  readonly unchanged!: number;
}

export const ApiCsvFile = (): MethodDecorator =>
  applyDecorators(ApiOkResponse({ content: { 'text/csv': { schema: { type: 'string' } } } }));

/** A route that takes a file of rows as CSV, once for each key, and answers with what it did. */
export const ImportsCsv = (): MethodDecorator =>
  applyDecorators(HttpCode(200), Idempotent(), ReadsCsv(), ApiOkResponse({ type: ImportReportDto }));
