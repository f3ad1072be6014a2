import type { RecordName } from './records.js';

/** The CloudEvents type of each record. A change that old readers cannot read takes a new major version, and is quarantined by them. */
export const recordTypes = {
  KeyStatement: 'dev.biplane.license.key.v1',
  LicenseIssued: 'dev.biplane.license.issued.v1',
  LicenseApplied: 'dev.biplane.license.applied.v1',
  InstanceStatus: 'dev.biplane.instance.status.v1',
  MoveReport: 'dev.biplane.move.report.v1',
  UsageWindow: 'dev.biplane.usage.window.v1',
  LimitEvent: 'dev.biplane.limit.event.v1',
  HomeClose: 'dev.biplane.home.close.v1',
} as const satisfies Record<RecordName, string>;

const names = new Map<string, RecordName>(
  Object.entries(recordTypes).map(([name, type]) => [type, name as RecordName]),
);

export function recordNameOf(ceType: string): RecordName | undefined {
  return names.get(ceType);
}
