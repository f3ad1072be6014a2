/** The license document: the claims that core-api signs and every home enforces. Instants are RFC 3339 UTC, amounts of anything are decimal strings. */

export const LICENSE_ISSUER = 'biplane';

/** A license is at most this many bytes as a compact JWS: it travels in one Kafka record and stays in memory per deployment. */
export const LICENSE_BYTES_MAX = 16 * 1024;

/** However far away the end of the grace is, no signature is valid longer: a silent data plane runs on for seven days at most. */
export const LICENSE_LIFETIME_SECONDS_MAX = 7 * 24 * 60 * 60;

export const LICENSE_STATUSES = ['active', 'suspended', 'revoked'] as const;
export type LicenseStatus = (typeof LICENSE_STATUSES)[number];

export const DEPLOYMENT_TYPES = ['shared', 'container_per_tenant'] as const;
export type LicensedDeploymentType = (typeof DEPLOYMENT_TYPES)[number];

export const STRATEGY_NAMES = ['hard_block', 'soft_warning', 'overage_charge', 'throttle', 'queue', 'allow'] as const;
export type StrategyName = (typeof STRATEGY_NAMES)[number];

/** The plane that counts a meter, and alone may answer for its hard limits. */
export const METER_AUTHORITIES = ['control', 'data'] as const;
export type MeterAuthority = (typeof METER_AUTHORITIES)[number];

export const METER_AGGREGATIONS = ['sum', 'peak', 'last'] as const;
export type MeterAggregation = (typeof METER_AGGREGATIONS)[number];

/** `null`: a level limit (records, connectors), which no calendar resets. */
export const LIMIT_WINDOWS = ['day', 'month', null] as const;
export type LimitWindow = (typeof LIMIT_WINDOWS)[number];

/** How a meter's readings combine, and which plane counts it. */
export interface LicensedMeter {
  readonly authority: MeterAuthority;
  readonly aggregation: MeterAggregation;
}

export interface LicensedRate {
  readonly perSecond: string;
  readonly burst: number;
}

export interface LicensedLimit {
  readonly meter: string;
  readonly authority: MeterAuthority;
  readonly aggregation: MeterAggregation;
  readonly cap: string;
  readonly window: LimitWindow;
  readonly strategy: StrategyName;
  /** Shares of the cap from which on a use is answered with a warning, e.g. `["0.8","1"]`. */
  readonly warnAt: readonly string[];
  readonly rate?: LicensedRate;
}

export interface LicensedModule {
  readonly features: readonly string[];
  readonly limits: readonly LicensedLimit[];
}

export interface LicensePlacement {
  readonly homeId: string;
  /** Rises when the deployment's home changes. */
  readonly epoch: number;
  readonly phase: 'serving' | 'draining';
  readonly url: string;
  readonly previous?: { readonly homeId: string; readonly epoch: number };
  /** Where it is being moved to: that home stands by, and acts on nothing until a later license names it as its own. */
  readonly next?: { readonly homeId: string; readonly epoch: number; readonly url: string };
}

export interface LicenseBootstrap {
  readonly adminUserId: string;
  /** SHA-256, hex. The token itself, the name and the mail address never travel. */
  readonly inviteTokenHash: string;
  readonly expiresAt: string;
}

/** How a dedicated home proves to its region's pool who it is: SHA-256, hex, of the token that its pod holds. */
export interface LicenseEnrollment {
  readonly homeId: string;
  readonly tokenHash: string;
}

export interface LicenseClaims {
  readonly iss: typeof LICENSE_ISSUER;
  /** The tenant's id. */
  readonly sub: string;
  /** `deployment:<id>` */
  readonly aud: string;
  readonly jti: string;
  /** Whole seconds since the epoch, as JWT has it. */
  readonly iat: number;
  /** Whole seconds since the epoch: `min(graceEndsAt, iat + 7 days)`. */
  readonly exp: number;
  /** Per deployment; every signing takes the next one. */
  readonly version: number;
  readonly status: LicenseStatus;
  /** Only on a revoked license: until then its data is kept for export. */
  readonly purgeAfter?: string;
  readonly startsAt: string;
  readonly noticeAt: string;
  readonly termEndsAt: string;
  readonly graceEndsAt: string;
  readonly calendar: { readonly timeZone: string };
  readonly deployment: { readonly id: string; readonly type: LicensedDeploymentType; readonly region: string };
  readonly placement: LicensePlacement;
  readonly plan: { readonly code: string; readonly version: number };
  readonly featureFlags: Readonly<Record<string, boolean>>;
  readonly modules: Readonly<Record<string, LicensedModule>>;
  /** Every meter that the plan prices or limits, or that an add-on grants: a home counts these and no others. */
  readonly meters: Readonly<Record<string, LicensedMeter>>;
  readonly bootstrap?: LicenseBootstrap;
  readonly enrollment?: LicenseEnrollment;
}

export function audienceOf(deploymentId: string): string {
  return `deployment:${deploymentId}`;
}
