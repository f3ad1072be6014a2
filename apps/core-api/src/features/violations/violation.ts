import type { ViolationSource, ViolationState } from './domain/violation.js';

/** Under this key at most one violation is open. */
export interface ViolationKey {
  readonly deploymentId: string;
  readonly rule: string;
  /** Empty when none is named. */
  readonly module: string;
  readonly meter: string;
  /** Where the billing period of the tenant begins in which it happened. */
  readonly periodStart: Date;
}

export interface Violation extends ViolationKey, ViolationState {
  readonly id: string;
  readonly tenantId: string;
  readonly source: ViolationSource;
  readonly detail: string | null;
  readonly detectedAt: Date;
  readonly resolvedAt: Date | null;
  readonly resolvedBy: string | null;
  readonly resolvedReason: string | null;
}

/** What is counted into a violation once; `reportId` names it for ever. */
export interface ViolationReport extends ViolationKey, Omit<ViolationState, 'severity'> {
  readonly reportId: string;
  readonly tenantId: string;
  readonly source: ViolationSource;
  readonly detail?: string | undefined;
  /** Of a person's report; what follows from the figures counts when it is graver. */
  readonly severity?: ViolationState['severity'] | undefined;
}

export interface ViolationFilter {
  readonly tenantId?: string | undefined;
  readonly deploymentId?: string | undefined;
  readonly rule?: string | undefined;
  readonly severity?: string | undefined;
  readonly source?: string | undefined;
  /** True: only those that are not resolved; false: only those that are. */
  readonly open?: boolean | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}
