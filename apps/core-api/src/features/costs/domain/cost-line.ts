import { canonicalJson, err, isUuid, ok, parseMoney, type FieldError, type Money, type Result } from '@biplane/kernel';

/** What a provider charged, as it is imported. */
export interface CostLine {
  readonly provider: string;
  readonly lineId: string;
  readonly period: string;
  readonly resourceKind: string;
  readonly deploymentId: string | null;
  readonly description: string | null;
  readonly amount: Money;
}

export const PROVIDER = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;
const LINE_ID = /^[\x21-\x7e]{1,200}$/;
const MONTH = /^(?!9999-12)[1-9]\d{3}-(?:0[1-9]|1[0-2])$/;
const KIND = /^[a-z](?:_?[a-z0-9]){0,62}$/;
const TEXT = /^[^\p{Cc}\p{Zl}\p{Zp}]{0,200}$/u;
const MINOR_MAX = 10n ** 15n;
const MEMBERS = ['provider', 'lineId', 'period', 'resourceKind', 'deploymentId', 'description', 'amount'];

/** One line of a batch: nothing in it is trusted, and what is wrong with it spoils no other. */
export function parseCostLine(value: unknown): Result<CostLine, FieldError[]> {
  if (!isObject(value)) return err([wrong('', 'must be an object')]);
  const { provider, lineId, period, resourceKind, deploymentId = null, description = null, amount } = value;
  const problems = Object.keys(value)
    .filter((key) => !MEMBERS.includes(key))
    .map((key) => wrong(`/${key.slice(0, 64)}`, 'is not known'));
  const text = (member: string, given: unknown, shape: RegExp, what: string): string => {
    if (typeof given === 'string' && shape.test(given)) return given;
    problems.push(wrong(`/${member}`, `must be ${what}`));
    return '';
  };
  const line = {
    provider: text('provider', provider, PROVIDER, 'a code of lower-case letters, digits, dots and hyphens'),
    lineId: text('lineId', lineId, LINE_ID, 'the id of the line, 1 to 200 visible characters'),
    period: text('period', period, MONTH, 'a month such as 2026-04'),
    resourceKind: text('resourceKind', resourceKind, KIND, 'a resource kind such as droplet_hours'),
    deploymentId: deploymentId === null ? null : uuid(deploymentId, problems),
    description:
      description === null ? null : text('description', description, TEXT, 'one line of at most 200 characters'),
  };
  const money = moneyOf(amount);
  if (money?.ok && money.value.minor <= MINOR_MAX && money.value.minor >= -MINOR_MAX && problems.length === 0)
    return ok({ ...line, amount: money.value });
  if (!money?.ok) problems.push(wrong('/amount', 'must be {"amount","currency"}, with the decimals of the currency'));
  else if (problems.length === 0) problems.push(wrong('/amount', 'is larger than any provider charges'));
  return err(problems);
}

/** What the content hash is taken of: the same line in another order of members is the same. */
export function contentOf({ amount, ...line }: CostLine): string {
  return canonicalJson({ ...line, currency: amount.currency, minor: amount.minor });
}

function moneyOf(given: unknown): Result<Money> | null {
  if (!isObject(given) || Object.keys(given).length !== 2) return null;
  const { amount, currency } = given;
  return typeof amount === 'string' && typeof currency === 'string' ? parseMoney({ amount, currency }) : null;
}

function uuid(given: unknown, problems: FieldError[]): string {
  if (typeof given === 'string' && isUuid(given.toLowerCase())) return given.toLowerCase();
  problems.push(wrong('/deploymentId', 'must be the id of a deployment, or null'));
  return '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const wrong = (pointer: string, detail: string): FieldError => ({ pointer, code: 'VALUE', detail });
