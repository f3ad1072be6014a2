import type { Brand } from './brand.js';
import { err, ok, type Result } from './result.js';
import { isUuid } from './uuid.js';
import { ValueErrors } from './value.errors.js';

export type TenantId = Brand<string, 'TenantId'>;
export type DeploymentId = Brand<string, 'DeploymentId'>;
export type SubscriptionId = Brand<string, 'SubscriptionId'>;
export type OperationId = Brand<string, 'OperationId'>;
export type InvoiceId = Brand<string, 'InvoiceId'>;
export type HomeId = Brand<string, 'HomeId'>;
/** One running process of a home; a pod name or a UUID, since operators choose it. */
export type InstanceId = Brand<string, 'InstanceId'>;
export type RegionCode = Brand<string, 'RegionCode'>;
export type MeterCode = Brand<string, 'MeterCode'>;
export type ModuleCode = Brand<string, 'ModuleCode'>;

// Databases, topics and consumer groups are named after these, hence the narrow alphabets and the bounds.
const INSTANCE = /^[a-z0-9](?:[a-z0-9.-]{0,126}[a-z0-9])?$/;
const REGION = /^[a-z](?:-?[a-z0-9]){0,31}$/;
const SNAKE = /^[a-z](?:_?[a-z0-9]){0,62}$/;

export const parseTenantId = uuidParser<TenantId>('tenant id');
export const parseDeploymentId = uuidParser<DeploymentId>('deployment id');
export const parseSubscriptionId = uuidParser<SubscriptionId>('subscription id');
export const parseOperationId = uuidParser<OperationId>('operation id');
export const parseInvoiceId = uuidParser<InvoiceId>('invoice id');
export const parseHomeId = uuidParser<HomeId>('home id');

export function parseInstanceId(text: unknown): Result<InstanceId> {
  if (typeof text === 'string' && INSTANCE.test(text)) return ok(text as InstanceId);
  return err(ValueErrors.ID_INVALID({ detail: 'The instance id is not a DNS-like name of at most 128 characters' }));
}

export const parseRegionCode = codeParser<RegionCode>('region code', REGION);
export const parseMeterCode = codeParser<MeterCode>('meter code', SNAKE);
export const parseModuleCode = codeParser<ModuleCode>('module code', SNAKE);

/** Upper case is accepted (RFC 9562 asks for it) and turned to lower, so that equal ids are equal strings. */
function uuidParser<Id extends string>(noun: string): (text: unknown) => Result<Id> {
  return (text) => {
    const id = typeof text === 'string' ? text.toLowerCase() : '';
    return isUuid(id) ? ok(id as Id) : err(ValueErrors.ID_INVALID({ detail: `The ${noun} is not a UUID` }));
  };
}

function codeParser<Code extends string>(noun: string, shape: RegExp): (text: unknown) => Result<Code> {
  return (text) =>
    typeof text === 'string' && shape.test(text)
      ? ok(text as Code)
      : err(ValueErrors.CODE_INVALID({ detail: `The ${noun} must match ${shape.source}` }));
}
