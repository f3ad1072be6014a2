export const DATABASE_STATES = ['pending', 'creating', 'migrating', 'failed', 'ready', 'dropped'] as const;
export type DatabaseState = (typeof DATABASE_STATES)[number];

/** What a home said about one deployment. */
export interface AppliedReport {
  readonly epoch: number;
  readonly licenseVersion: number;
  readonly licenseJti: string;
  readonly appliedAt: Date;
  readonly databaseState: DatabaseState;
  readonly databaseName: string;
  readonly schemaVersion: string | null;
  readonly reason: string | null;
  readonly adminBootstrapped: boolean;
}

/**
 * Joins two reports of one home so that order and repetition do not matter: the higher (epoch, version) wins; within one
 * version the state that is further on, then the later instant. An admin that was bootstrapped once stays so.
 */
export function mergeApplied(a: AppliedReport, b: AppliedReport): AppliedReport {
  const winner = compare(a, b) >= 0 ? a : b;
  const adminBootstrapped = a.adminBootstrapped || b.adminBootstrapped;
  return winner.adminBootstrapped === adminBootstrapped ? winner : { ...winner, adminBootstrapped };
}

function compare(a: AppliedReport, b: AppliedReport): number {
  return (
    a.epoch - b.epoch ||
    a.licenseVersion - b.licenseVersion ||
    rank(a) - rank(b) ||
    a.appliedAt.getTime() - b.appliedAt.getTime() ||
    // Only to make the result the same in every order; two such reports differ in nothing that is acted on.
    order(
      `${a.schemaVersion}|${a.licenseJti}|${a.databaseName}|${a.reason ?? ''}`,
      `${b.schemaVersion}|${b.licenseJti}|${b.databaseName}|${b.reason ?? ''}`,
    )
  );
}

function rank(report: AppliedReport): number {
  return DATABASE_STATES.indexOf(report.databaseState);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
