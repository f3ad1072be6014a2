import { compareDecimal, decimal, parseDecimal, type FieldError } from '@biplane/kernel';
import { parsePlanPricing, type PlanPricingRequest } from '@biplane/pricing';
import { child, JsonReader } from './json-reader.js';

export const STRATEGIES = ['hard_block', 'soft_warning', 'overage_charge', 'throttle', 'queue', 'allow'] as const;
export type Strategy = (typeof STRATEGIES)[number];
export type LimitWindow = 'day' | 'month' | null;

export interface PlanLimit {
  readonly meter: string;
  readonly cap: string;
  readonly window: LimitWindow;
  readonly strategy: Strategy;
  readonly warnAt: readonly string[];
  readonly rate?: { readonly perSecond: string; readonly burst: number };
}

export interface PlanModule {
  readonly module: string;
  readonly features: readonly string[];
  readonly dailyPrice: string | null;
  readonly limits: readonly PlanLimit[];
}

export interface PlanMeter {
  readonly meter: string;
  readonly included: string;
  readonly price: { readonly kind: string } & Readonly<Record<string, unknown>>;
  readonly discounts?: readonly unknown[];
  readonly minimum?: string;
  readonly maximum?: string;
}

/** The `version` object of the API, with every default filled in; decimals stay the strings that were sent. */
export interface PlanVersionContent {
  readonly currency: string;
  readonly interval: 'month';
  readonly proration: 'day' | 'second';
  readonly trialDays: number;
  readonly cutoffHours: number;
  readonly baseFee: string;
  readonly setupFee: string;
  readonly minimumCommitment: string | null;
  readonly maximum: string | null;
  readonly modules: readonly PlanModule[];
  readonly meters: readonly PlanMeter[];
  readonly featureFlags: Readonly<Record<string, boolean>>;
  readonly dedicatedCompute: boolean;
}

export type PlanVersionReading =
  | { readonly ok: true; readonly content: PlanVersionContent }
  | { readonly ok: false; readonly malformed: readonly FieldError[]; readonly broken: readonly FieldError[] };

const CODE = /^[a-z](?:_?[a-z0-9]){0,62}$/;
const CODE_TEXT = 'a code of lower-case letters, digits and single underscores';
const VERSION_MEMBERS = [
  'currency', 'interval', 'proration', 'trialDays', 'cutoffHours', 'baseFee', 'setupFee', 'minimumCommitment', 'maximum',
  'modules', 'meters', 'featureFlags', 'dedicatedCompute',
] as const; // prettier-ignore
const METER_MEMBERS = ['meter', 'included', 'price', 'discounts', 'minimum', 'maximum'];
// A license must fit into 16 KB: what a plan may list is bounded where it is written.
const MODULES_MAX = 50;
const FEATURES_MAX = 50;
const LIMITS_MAX = 20;
const METERS_MAX = 100;
const FLAGS_MAX = 100;
/** One of each kind is all that can be priced. */
const DISCOUNTS_MAX = 3;

/** Reads one plan version. What it says about money is judged by the pricing library itself: nothing unpriceable passes. */
export function readPlanVersion(
  value: unknown,
  knownMeters: ReadonlySet<string>,
  pointer = '/version',
): PlanVersionReading {
  const reader = new JsonReader();
  const object = reader.object(value, pointer, VERSION_MEMBERS, ['currency', 'interval', 'baseFee']);
  const at = (member: string): string => child(pointer, member);
  const content: PlanVersionContent = {
    currency: reader.text(object['currency'], at('currency')),
    interval: reader.literal(object['interval'], at('interval'), ['month'], 'month'),
    proration: reader.literal(object['proration'], at('proration'), ['day', 'second'], 'day'),
    trialDays: reader.integer(object['trialDays'], at('trialDays'), { min: 0, max: 365 }, 0),
    cutoffHours: reader.integer(object['cutoffHours'], at('cutoffHours'), { min: 0, max: 240 }, 24),
    baseFee: reader.text(object['baseFee'], at('baseFee')),
    setupFee: amountText(reader, object['setupFee'], at('setupFee')) ?? '0',
    minimumCommitment: amountText(reader, object['minimumCommitment'], at('minimumCommitment')),
    maximum: amountText(reader, object['maximum'], at('maximum')),
    modules: readModules(reader, object['modules'], at('modules'), knownMeters),
    meters: readMeters(reader, object['meters'], at('meters'), knownMeters),
    featureFlags: readFlags(reader, object['featureFlags'], at('featureFlags')),
    dedicatedCompute: reader.flag(object['dedicatedCompute'], at('dedicatedCompute'), false),
  };
  if (reader.malformed.length === 0) judgeMoney(reader, content, pointer);
  return reader.malformed.length > 0 || reader.broken.length > 0
    ? { ok: false, malformed: reader.malformed, broken: reader.broken }
    : { ok: true, content };
}

function judgeMoney(reader: JsonReader, content: PlanVersionContent, pointer: string): void {
  const priced = parsePlanPricing(content satisfies PlanPricingRequest, pointer);
  if (priced.ok) return;
  const errors = priced.error.errors ?? [{ pointer, code: priced.error.code, detail: priced.error.detail }];
  for (const error of errors) reader.rule(error.pointer, error.code, error.detail);
}

function amountText(reader: JsonReader, value: unknown, pointer: string): string | null {
  if (value === undefined || value === null) return null;
  return reader.text(value, pointer);
}

function readModules(
  reader: JsonReader,
  value: unknown,
  pointer: string,
  knownMeters: ReadonlySet<string>,
): PlanModule[] {
  const modules = reader.list(value, pointer, MODULES_MAX, (item, here): PlanModule => {
    const object = reader.object(item, here, ['module', 'features', 'dailyPrice', 'limits'], ['module']);
    const features = reader.list(object['features'], child(here, 'features'), FEATURES_MAX, (feature, at) =>
      readCode(reader, feature, at),
    );
    reader.unique(features, (index) => child(child(here, 'features'), index));
    const limits = reader.list(object['limits'], child(here, 'limits'), LIMITS_MAX, (limit, at) =>
      readLimit(reader, limit, at, knownMeters),
    );
    reader.unique(
      limits.map((limit) => `${limit.meter}|${limit.window ?? 'level'}`),
      (index) => child(child(here, 'limits'), index),
    );
    return {
      module: readCode(reader, object['module'], child(here, 'module')),
      features,
      dailyPrice: amountText(reader, object['dailyPrice'], child(here, 'dailyPrice')),
      limits,
    };
  });
  reader.unique(
    modules.map((module) => module.module),
    (index) => child(child(pointer, index), 'module'),
  );
  return modules;
}

function readLimit(reader: JsonReader, value: unknown, pointer: string, knownMeters: ReadonlySet<string>): PlanLimit {
  const members = ['meter', 'cap', 'window', 'strategy', 'warnAt', 'rate'];
  const object = reader.object(value, pointer, members, ['meter', 'cap', 'window', 'strategy']);
  const at = (member: string): string => child(pointer, member);
  const strategy = reader.literal(object['strategy'], at('strategy'), STRATEGIES, 'hard_block');
  const rate = object['rate'] === undefined ? undefined : readRate(reader, object['rate'], at('rate'));
  if (strategy === 'throttle' && !rate) reader.rule(at('rate'), 'MISSING', 'throttle needs a rate');
  if (strategy !== 'throttle' && rate) reader.rule(at('rate'), 'VALUE', 'belongs to the strategy throttle only');
  return {
    meter: readMeterCode(reader, object['meter'], at('meter'), knownMeters),
    cap: reader.decimal(object['cap'], at('cap')),
    window: reader.literal<LimitWindow>(object['window'], at('window'), ['day', 'month', null], null),
    strategy,
    warnAt: readWarnings(reader, object['warnAt'], at('warnAt')),
    ...(rate && { rate }),
  };
}

function readRate(reader: JsonReader, value: unknown, pointer: string): { perSecond: string; burst: number } {
  const object = reader.object(value, pointer, ['perSecond', 'burst'], ['perSecond', 'burst']);
  const perSecond = reader.decimal(object['perSecond'], child(pointer, 'perSecond'));
  const parsed = parseDecimal(perSecond);
  if (parsed.ok && parsed.value.coefficient <= 0n)
    reader.rule(child(pointer, 'perSecond'), 'VALUE', 'must be above zero');
  return { perSecond, burst: reader.integer(object['burst'], child(pointer, 'burst'), { min: 1, max: 1_000_000 }, 1) };
}

/** Shares of the cap, rising, above zero and at most one. */
function readWarnings(reader: JsonReader, value: unknown, pointer: string): string[] {
  const shares = reader.list(value, pointer, 10, (item, here) => {
    const text = reader.decimal(item, here);
    const share = parseDecimal(text);
    const outside = share.ok && (share.value.coefficient <= 0n || compareDecimal(share.value, decimal(1n)) > 0);
    if (outside) reader.rule(here, 'VALUE', 'must be a share of the cap, above 0 and at most 1');
    return text;
  });
  shares.forEach((text, index) => {
    const [previous, present] = [parseDecimal(shares[index - 1]), parseDecimal(text)];
    if (previous.ok && present.ok && compareDecimal(previous.value, present.value) >= 0) {
      reader.rule(child(pointer, index), 'VALUE', 'must be above the share before it');
    }
  });
  return shares;
}

function readMeters(
  reader: JsonReader,
  value: unknown,
  pointer: string,
  knownMeters: ReadonlySet<string>,
): PlanMeter[] {
  return reader.list(value, pointer, METERS_MAX, (item, here): PlanMeter => {
    const object = reader.object(item, here, METER_MEMBERS, ['meter', 'price']);
    const price = object['price'];
    if (price !== undefined && (typeof price !== 'object' || price === null || Array.isArray(price))) {
      reader.shape(child(here, 'price'), 'must be an object');
    }
    // Their values are judged with the rest of the money; only their types are asked for here.
    const included = object['included'] === undefined ? '0' : reader.text(object['included'], child(here, 'included'));
    const discounts =
      object['discounts'] === null
        ? []
        : reader.list(object['discounts'], child(here, 'discounts'), DISCOUNTS_MAX, (discount) => discount);
    const minimum = amountText(reader, object['minimum'], child(here, 'minimum'));
    const maximum = amountText(reader, object['maximum'], child(here, 'maximum'));
    return {
      meter: readMeterCode(reader, object['meter'], child(here, 'meter'), knownMeters),
      included,
      price: price as PlanMeter['price'],
      ...(discounts.length > 0 && { discounts }),
      ...(minimum !== null && { minimum }),
      ...(maximum !== null && { maximum }),
    };
  });
}

function readFlags(reader: JsonReader, value: unknown, pointer: string): Record<string, boolean> {
  if (value === undefined) return {};
  const object = reader.object(value, pointer, typeof value === 'object' && value !== null ? Object.keys(value) : []);
  const entries = Object.entries(object);
  if (entries.length > FLAGS_MAX) reader.rule(pointer, 'TOO_MANY', `must have at most ${FLAGS_MAX} entries`);
  return Object.fromEntries(
    entries.map(([name, flag]) => {
      readCode(reader, name, child(pointer, name));
      return [name, reader.flag(flag, child(pointer, name), false)];
    }),
  );
}

function readCode(reader: JsonReader, value: unknown, pointer: string): string {
  return reader.text(value, pointer, CODE, CODE_TEXT);
}

function readMeterCode(reader: JsonReader, value: unknown, pointer: string, knownMeters: ReadonlySet<string>): string {
  const meter = reader.text(value, pointer);
  if (typeof value === 'string' && !knownMeters.has(meter))
    reader.rule(pointer, 'METER_UNKNOWN', `no meter "${meter.slice(0, 64)}" is in the catalog`);
  return meter;
}
