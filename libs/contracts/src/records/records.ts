import {
  array,
  boolean,
  choice,
  integer,
  nullable,
  object,
  openObject,
  pattern,
  type Schema,
  type TypeOf,
} from '../schema/schema.js';
import {
  code,
  compactJws,
  count,
  databaseName,
  instanceId,
  instant,
  kid,
  quantity,
  total,
  reasonCode,
  region,
  reportedQuantity,
  schemaVersion,
  sha256,
  uuid,
  version,
} from '../schema/scalars.js';

/** The records between the planes. Down: signed content in an open envelope. Up: closed objects of ids, codes, counts and instants. */

/** Signed by the trust root; everything that counts stands in `statement`. Key: kid. */
const KeyStatement = openObject({ kid, statement: compactJws });

/** One signed license; everything that counts stands in `license`. Key: deploymentId. */
const LicenseIssued = openObject({ deploymentId: uuid, license: compactJws });

export const DATABASE_STATES = ['pending', 'creating', 'migrating', 'ready', 'failed', 'dropped'] as const;

const LicenseApplied = object({
  deploymentId: uuid,
  homeId: uuid,
  epoch: version,
  licenseVersion: version,
  licenseJti: uuid,
  appliedAt: instant,
  database: object(
    { state: choice(...DATABASE_STATES), name: databaseName, schemaVersion: nullable(schemaVersion) },
    { reason: reasonCode },
  ),
  adminBootstrapped: boolean,
});

/** At most this many of `applied` in one status; the rest goes with the next, and the digest covers all. */
export const STATUS_APPLIED_MAX = 1000;

const InstanceStatus = object({
  instanceId,
  homeId: uuid,
  region,
  kids: array(kid, 100),
  applied: array(object({ deploymentId: uuid, version }), STATUS_APPLIED_MAX),
  licensesDigest: sha256,
  licenseCount: count,
  refused: count,
  schemaVersion: nullable(schemaVersion),
  draining: boolean,
  at: instant,
});

const MoveReport = object({
  deploymentId: uuid,
  homeId: uuid,
  epoch: version,
  step: pattern('^[a-z][a-z_]{0,31}$', 32, 'Step of the move'),
  closedThrough: nullable(instant),
  tables: array(object({ name: code, rows: count, checksum: sha256 }), 500),
});

const UsageWindow = object(
  {
    deploymentId: uuid,
    meter: code,
    aggregation: choice('sum', 'peak', 'last'),
    windowStart: instant,
    windowEnd: instant,
    source: object({ homeId: uuid, incarnation: version }),
    revision: version,
    quantity: reportedQuantity,
    closed: boolean,
    licenseVersion: nullable(version),
  },
  // Of a gauge: when its reading was taken. Of two homes that counted in one window the later one's counts.
  { lastAt: instant },
);

const LimitEvent = object({
  id: uuid,
  deploymentId: uuid,
  module: code,
  meter: code,
  kind: choice('warned', 'denied', 'delayed', 'overage'),
  threshold: nullable(quantity),
  used: total,
  cap: quantity,
  licenseVersion: version,
  count: integer(1),
  firstAt: instant,
  lastAt: instant,
});

const HomeClose = object({
  homeId: uuid,
  incarnation: version,
  hour: instant,
  revision: version,
  windows: count,
  digest: sha256,
});

export const recordSchemas = {
  KeyStatement,
  LicenseIssued,
  LicenseApplied,
  InstanceStatus,
  MoveReport,
  UsageWindow,
  LimitEvent,
  HomeClose,
} as const satisfies Record<string, Schema<unknown>>;

export type RecordName = keyof typeof recordSchemas;
export type RecordOf<N extends RecordName> = TypeOf<(typeof recordSchemas)[N]>;

export type KeyStatement = RecordOf<'KeyStatement'>;
export type LicenseIssued = RecordOf<'LicenseIssued'>;
export type LicenseApplied = RecordOf<'LicenseApplied'>;
export type InstanceStatus = RecordOf<'InstanceStatus'>;
export type MoveReport = RecordOf<'MoveReport'>;
export type UsageWindow = RecordOf<'UsageWindow'>;
export type LimitEvent = RecordOf<'LimitEvent'>;
export type HomeClose = RecordOf<'HomeClose'>;
export type DatabaseState = (typeof DATABASE_STATES)[number];
