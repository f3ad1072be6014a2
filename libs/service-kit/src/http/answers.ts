import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiProperty, getSchemaPath } from '@nestjs/swagger';

/** Money as both services write it. */
export class MoneyDto {
  @ApiProperty({ example: '64.22', description: 'Decimal string with the decimals of the currency' })
  readonly amount!: string;

  @ApiProperty({ example: 'USD' })
  readonly currency!: string;
}

/** Where a page stands in its list. */
export class PagePositionDto {
  @ApiProperty({ type: String, nullable: true, description: 'Give it as `?cursor=` for the next page' })
  readonly nextCursor!: string | null;

  @ApiProperty()
  readonly hasMore!: boolean;
}

/** Answers 200 with one page of these: `{ data, page: { nextCursor, hasMore } }`. */
export function ApiPage(item: Type, description = 'One page'): MethodDecorator {
  const properties = { data: arrayOf(item), page: { $ref: getSchemaPath(PagePositionDto) } };
  return applyDecorators(
    ApiExtraModels(item, PagePositionDto),
    ApiOkResponse({ description, schema: { type: 'object', required: ['data', 'page'], properties } }),
  );
}

/** Answers 200 with all of these: `{ data }`. */
export function ApiList(item: Type, description = 'The whole list'): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(item),
    ApiOkResponse({
      description,
      schema: { type: 'object', required: ['data'], properties: { data: arrayOf(item) } },
    }),
  );
}

export interface InstantOptions {
  readonly description?: string;
  readonly nullable?: boolean;
  readonly required?: boolean;
}

/** An instant of an answer: RFC 3339 in UTC. The service may hold it as a Date, which becomes that text on the wire. */
export const ApiInstant = (options: InstantOptions = {}): PropertyDecorator =>
  ApiProperty({ example: '2026-04-10T12:00:00.000Z', ...options, type: String, format: 'date-time' });

function arrayOf(item: Type) {
  return { type: 'array', items: { $ref: getSchemaPath(item) } };
}
