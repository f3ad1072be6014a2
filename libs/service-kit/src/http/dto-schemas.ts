/// <reference path="../class-transformer-storage.d.ts" />
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import type { Type } from '@nestjs/common';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { getMetadataStorage } from 'class-validator';

/** Where @nestjs/swagger keeps which properties a class shows, each as `:name`; it does not export the name. */
const API_PROPERTIES = 'swagger/apiModelPropertiesArray';

interface Rule {
  readonly name?: string;
  readonly type: string;
  readonly propertyName: string;
  readonly constraints?: readonly unknown[];
  readonly each?: boolean;
}

/**
 * Describes request DTOs to the OpenAPI document from their validators, so that no rule is written twice.
 * A property that has `@ApiProperty` keeps what that says.
 */
export function describeDtos(controllers: readonly Type[]): void {
  const seen = new Set<Type>();
  for (const controller of controllers) {
    for (const dto of parameterTypes(controller)) describe(dto, seen);
  }
}

function parameterTypes(controller: Type): Type[] {
  const prototype = controller.prototype as object;
  return Object.getOwnPropertyNames(prototype).flatMap((method) => {
    if (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, method) === undefined) return [];
    return (Reflect.getMetadata('design:paramtypes', prototype, method) ?? []) as Type[];
  });
}

function describe(dto: Type, seen: Set<Type>): void {
  if (typeof dto !== 'function' || seen.has(dto)) return;
  seen.add(dto);
  const rules = getMetadataStorage().getTargetValidationMetadatas(dto, dto.name, false, false) as unknown as Rule[];
  const byProperty = new Map<string, Rule[]>();
  for (const rule of rules) byProperty.set(rule.propertyName, [...(byProperty.get(rule.propertyName) ?? []), rule]);
  for (const [property, ofProperty] of byProperty) {
    const nested = nestedType(dto, property);
    if (nested !== null) describe(nested, seen);
    // A class lists what its parent listed when it was declared, and not what the parent was described with since.
    const listed = (Reflect.getMetadata(API_PROPERTIES, dto.prototype as object) ?? []) as string[];
    if (listed.includes(`:${property}`)) continue;
    ApiProperty(optionsOf(ofProperty, nested))(dto.prototype as object, property);
  }
}

function nestedType(dto: Type, property: string): Type | null {
  const metadata = defaultMetadataStorage.findTypeMetadata(dto, property) as
    { typeFunction?: () => unknown } | undefined;
  const type = metadata?.typeFunction?.();
  return typeof type === 'function' && type !== Number && type !== String && type !== Date ? (type as Type) : null;
}

function optionsOf(rules: readonly Rule[], nested: Type | null): ApiPropertyOptions {
  const isArray = rules.some((rule) => rule.name === 'isArray' || rule.each === true);
  const conditional = rules.some((rule) => rule.type === 'conditionalValidation');
  const schema = Object.assign({}, ...rules.map((rule) => keywordOf(rule))) as Record<string, unknown>;
  if (nested !== null) return { type: () => nested, isArray, required: !conditional, ...arrayBounds(schema) };
  const { minItems, maxItems, uniqueItems, ...item } = schema;
  if (item['type'] === undefined) item['type'] = item['enum'] === undefined ? 'object' : 'string';
  if (!isArray) return { ...item, required: !conditional } as ApiPropertyOptions;
  return { type: 'array', items: item, minItems, maxItems, uniqueItems, required: !conditional } as ApiPropertyOptions;
}

function arrayBounds({ minItems, maxItems }: Record<string, unknown>): object {
  return { ...(minItems === undefined ? {} : { minItems }), ...(maxItems === undefined ? {} : { maxItems }) };
}

/** The JSON Schema keywords of one class-validator rule. */
function keywordOf({ name, constraints = [] }: Rule): Record<string, unknown> {
  const [first, second] = constraints;
  switch (name) {
    case 'isString':
    case 'isNotEmpty':
      return { type: 'string', ...(name === 'isNotEmpty' ? { minLength: 1 } : {}) };
    case 'isUuid':
      return { type: 'string', format: 'uuid' };
    case 'isEmail':
      return { type: 'string', format: 'email' };
    case 'isUrl':
      return { type: 'string', format: 'uri' };
    case 'isIso8601':
    case 'isRFC3339':
    case 'isInstant':
      return { type: 'string', format: 'date-time' };
    case 'isInt':
      return { type: 'integer' };
    case 'isNumber':
      return { type: 'number' };
    case 'isBoolean':
      return { type: 'boolean' };
    case 'min':
      return { minimum: first };
    case 'max':
      return { maximum: first };
    case 'minLength':
      return { minLength: first };
    case 'maxLength':
      return { type: 'string', maxLength: first };
    case 'isLength':
      return { type: 'string', minLength: first, ...(second === undefined ? {} : { maxLength: second }) };
    case 'matches':
      return { type: 'string', pattern: first instanceof RegExp ? first.source : String(first) };
    case 'isIn':
      return { enum: [...(first as readonly unknown[])] };
    case 'isEnum':
      return { enum: Object.values(first as object) };
    case 'arrayMinSize':
      return { minItems: first };
    case 'arrayMaxSize':
      return { maxItems: first };
    case 'arrayUnique':
      return { uniqueItems: true };
    default:
      return {};
  }
}
