import {
  DEPLOYMENT_TYPES,
  LICENSE_ISSUER,
  LICENSE_STATUSES,
  LIMIT_WINDOWS,
  METER_AGGREGATIONS,
  METER_AUTHORITIES,
  STRATEGY_NAMES,
  audienceOf,
  type LicenseClaims,
} from './claims.js';
import {
  bool,
  instant,
  integer,
  list,
  literal,
  map,
  object,
  text,
  type ShapeProblem,
  type UnknownMembers,
} from './shape.js';

export const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Modules, features, meters, plans: what stands on either side of the colon in `module:feature`. */
export const CODE_PATTERN = /^[a-z][a-z0-9_]{0,62}$/;
/** At most 30 digits, 12 of them decimals, no sign, no exponent, no leading zeros. */
export const QUANTITY_PATTERN = /^(?=(?:[0-9]\.?){1,30}$)(?:0|[1-9][0-9]*)(?:\.[0-9]{1,12})?$/;
const REGION_PATTERN = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const ZONE_PATTERN = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,2}$/;
const URL_PATTERN = /^https?:\/\/[^\s\\]{1,2040}$/;
const SHA256_PATTERN = /^[0-9a-f]{64}$/;
const SHARE_PATTERN = /^(?:0(?:\.[0-9]{1,12})?|1(?:\.0{1,12})?)$/;

const uuid = text(UUID_PATTERN, 'a UUID in lower case');
const code = text(CODE_PATTERN, 'a code of lower-case letters, digits and underscores');
const quantity = text(QUANTITY_PATTERN, 'a decimal string of at most 30 digits, 12 of them decimals');
const sha256 = text(SHA256_PATTERN, 'a SHA-256 in hex');

const limit = object(
  {
    meter: code,
    authority: literal(...METER_AUTHORITIES),
    aggregation: literal(...METER_AGGREGATIONS),
    cap: quantity,
    window: literal(...LIMIT_WINDOWS),
    strategy: literal(...STRATEGY_NAMES),
    warnAt: list(text(SHARE_PATTERN, 'a share of the cap from 0 to 1'), 10),
  },
  { rate: object({ perSecond: quantity, burst: integer(1, 1_000_000) }) },
);

const licenseShape = object(
  {
    iss: literal(LICENSE_ISSUER),
    sub: uuid,
    aud: text(/^deployment:[0-9a-f-]{36}$/, 'deployment:<id>'),
    jti: uuid,
    iat: integer(0),
    exp: integer(0),
    version: integer(1),
    status: literal(...LICENSE_STATUSES),
    startsAt: instant,
    noticeAt: instant,
    termEndsAt: instant,
    graceEndsAt: instant,
    calendar: object({ timeZone: text(ZONE_PATTERN, 'an IANA zone') }),
    deployment: object({ id: uuid, type: literal(...DEPLOYMENT_TYPES), region: text(REGION_PATTERN, 'a region code') }),
    placement: object(
      {
        homeId: uuid,
        epoch: integer(1),
        phase: literal('serving', 'draining'),
        url: text(URL_PATTERN, 'an http(s) address'),
      },
      {
        previous: object({ homeId: uuid, epoch: integer(1) }),
        next: object({ homeId: uuid, epoch: integer(1), url: text(URL_PATTERN, 'an http(s) address') }),
      },
    ),
    plan: object({ code: text(/^[a-z][a-z0-9_-]{0,62}$/, 'a plan code'), version: integer(1) }),
    featureFlags: map(CODE_PATTERN, bool, 200),
    modules: map(CODE_PATTERN, object({ features: list(code, 100), limits: list(limit, 50) }), 100),
    meters: map(
      CODE_PATTERN,
      object({ authority: literal(...METER_AUTHORITIES), aggregation: literal(...METER_AGGREGATIONS) }),
      200,
    ),
  },
  {
    purgeAfter: instant,
    bootstrap: object({ adminUserId: uuid, inviteTokenHash: sha256, expiresAt: instant }),
    enrollment: object({ homeId: uuid, tokenHash: sha256 }),
  },
);

/** What no member can say alone. Only asked of a document whose members are all well-formed. */
function contradictions(claims: LicenseClaims): ShapeProblem[] {
  const problems: ShapeProblem[] = [];
  if (claims.aud !== audienceOf(claims.deployment.id)) {
    problems.push({ pointer: '/deployment/id', detail: 'must be the deployment of the audience' });
  }
  // Instants are all written alike (see `instant`), so their text sorts as they do.
  if (claims.termEndsAt > claims.graceEndsAt)
    problems.push({ pointer: '/graceEndsAt', detail: 'must not be before termEndsAt' });
  if (claims.noticeAt > claims.termEndsAt)
    problems.push({ pointer: '/noticeAt', detail: 'must not be after termEndsAt' });
  if (claims.exp * 1000 > Date.parse(claims.graceEndsAt)) {
    problems.push({ pointer: '/exp', detail: 'must not be after graceEndsAt' });
  }
  if (claims.purgeAfter !== undefined && claims.status !== 'revoked') {
    problems.push({ pointer: '/purgeAfter', detail: 'belongs to a revoked license only' });
  }
  for (const [name, licensed] of Object.entries(claims.modules)) {
    const seen = new Set<string>();
    licensed.limits.forEach((item, index) => {
      const known = Object.hasOwn(claims.meters, item.meter) ? claims.meters[item.meter] : undefined;
      if (known?.authority !== item.authority || known.aggregation !== item.aggregation) {
        problems.push({
          pointer: `/modules/${name}/limits/${index}/meter`,
          detail: 'must stand in meters, described alike',
        });
      }
      const key = `${item.meter}|${item.window ?? 'level'}`;
      if (seen.has(key))
        problems.push({ pointer: `/modules/${name}/limits/${index}`, detail: 'repeats a meter and window' });
      seen.add(key);
      if (item.strategy === 'throttle' && item.rate === undefined) {
        problems.push({
          pointer: `/modules/${name}/limits/${index}/rate`,
          detail: 'is missing: throttle needs a rate',
        });
      }
    });
  }
  return problems;
}

/** All problems of a document that claims to be a license; none means that it may be read as `LicenseClaims`. */
export function licenseProblems(value: unknown, unknown: UnknownMembers): ShapeProblem[] {
  const problems = licenseShape(value, unknown);
  return problems.length > 0 ? [...problems] : contradictions(value as LicenseClaims);
}
