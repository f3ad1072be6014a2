import { err, ok, type Result } from '@biplane/kernel';
import { RecordErrors } from '../contracts.errors.js';
import type { Schema, TypeOf } from '../schema/schema.js';
import { compile, firstDetail, parseJson, type Check } from '../schema/validate.js';
import { deploymentEvents } from './deployment-events.js';
import { invoiceEvents } from './invoice-events.js';
import { planEvents } from './plan-events.js';
import { tenantEvents } from './tenant-events.js';
import { usageEvents } from './usage-events.js';

/** The events for the outside, on `subscription.events` and by webhook: one schema per type, by its CloudEvents type. */
export const platformEventSchemas = {
  ...planEvents,
  ...tenantEvents,
  ...usageEvents,
  ...invoiceEvents,
  ...deploymentEvents,
} as const satisfies Record<string, Schema<unknown>>;

export type PlatformEventType = keyof typeof platformEventSchemas;

export const PLATFORM_EVENT_TYPES = Object.keys(platformEventSchemas) as readonly PlatformEventType[];

/** The value on the topic, and `data` of a webhook. */
export type PlatformEventValue<T extends PlatformEventType = PlatformEventType> = {
  [K in T]: TypeOf<(typeof platformEventSchemas)[K]>;
}[T];

/** What an emitter says, besides whose event it is. */
export type PlatformEventData<T extends PlatformEventType = PlatformEventType> = {
  [K in T]: Omit<TypeOf<(typeof platformEventSchemas)[K]>, 'tenantId' | 'deploymentId'>;
}[T];

const checks = Object.fromEntries(
  Object.entries(platformEventSchemas).map(([type, schema]) => [type, compile<unknown>(schema)]),
) as Record<PlatformEventType, Check<unknown>>;

/** Strict, for the emitter: a member that no schema names cannot leave the platform. */
export function checkPlatformEvent<T extends PlatformEventType>(
  type: T,
  value: unknown,
): Result<PlatformEventValue<T>> {
  const checked = checks[type](value);
  if (checked.ok) return ok(checked.value as PlatformEventValue<T>);
  return err(RecordErrors.SCHEMA({ detail: `${type}: ${firstDetail(checked.error)}`, errors: checked.error }));
}

export function isPlatformEventType(type: string): type is PlatformEventType {
  return Object.hasOwn(platformEventSchemas, type);
}

const openChecks = Object.fromEntries(
  PLATFORM_EVENT_TYPES.map((type) => [type, compile<unknown>({ json: openedSchema(platformEventSchemas[type].json) })]),
) as Record<PlatformEventType, Check<unknown>>;

/** Tolerant, for whoever reads: members that were added later are kept. */
export function parsePlatformEvent<T extends PlatformEventType>(
  type: T,
  bytes: string | Uint8Array,
): Result<PlatformEventValue<T>> {
  const json = parseJson(bytes);
  if (!json) return err(RecordErrors.VALUE_UNREADABLE({ detail: `The value of ${type} is not JSON of at most 1 MiB` }));
  const checked = openChecks[type](json.value);
  if (checked.ok) return ok(checked.value as PlatformEventValue<T>);
  return err(RecordErrors.SCHEMA({ detail: `${type}: ${firstDetail(checked.error)}`, errors: checked.error }));
}

/** The schema as readers should hold it: members may be added, none is removed. */
export function openedSchema(json: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => {
      if (key === 'additionalProperties') return [key, true];
      if (Array.isArray(value)) return [key, value.map((item: unknown) => (isJson(item) ? openedSchema(item) : item))];
      return [key, isJson(value) ? openedSchema(value) : value];
    }),
  );
}

function isJson(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
