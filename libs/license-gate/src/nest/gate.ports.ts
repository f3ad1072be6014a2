import type { Decision, LicenseClaims } from '@biplane/licensing';

/**
 * What the guard asks of the service that it stands in. tenant-api answers from its own licenses and counters, a tenant service from
 * a `LicenseGate`; the rules of the guard are the same.
 */
export interface GatePorts {
  /** For whom the request is, in lower case. Throws a RefusalError (400) when it names no deployment. */
  deploymentOf(request: unknown): string;
  /** Whether the caller may act for the tenant of this license. To one that may not, the deployment looks like none. */
  mayActFor(request: unknown, license: LicenseClaims): boolean;
  /** The newest verified license, whatever its state and wherever it places the deployment. */
  licenseOf(deploymentId: string): LicenseClaims | undefined;
  /** Counts one of the meter when it admits: deciding and counting are one step, so that a burst does not pass a limit in between. */
  check(deploymentId: string, action: string, meter: string | undefined): Decision | Promise<Decision>;
  /** By which licenses are judged: what `Retry-After` is counted from. */
  now(): Date;
}
export const GATE_PORTS = Symbol('GATE_PORTS');
