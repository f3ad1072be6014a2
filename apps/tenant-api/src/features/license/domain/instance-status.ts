import type { HeldLicense } from '@biplane/licensing';

export interface AppliedVersion {
  readonly deploymentId: string;
  readonly version: number;
}

/** At most this many in one status; the rest goes with the next, and the digest covers all. */
export const APPLIED_PER_STATUS_MAX = 1000;

export const STATUS_EVERY_MS = 30_000;
/** A change is reported within 250 ms; changes that come close together share one status. */
export const STATUS_AFTER_CHANGE_MS = 150;

/** Which licenses changed since the last status: taken when a status is made, put back when it could not be stored. */
export class ChangedLicenses {
  private readonly changed = new Map<string, number>();

  get isEmpty(): boolean {
    return this.changed.size === 0;
  }

  note(deploymentId: string, version: number): void {
    this.changed.set(deploymentId, version);
  }

  take(): AppliedVersion[] {
    const taken = [...this.changed].slice(0, APPLIED_PER_STATUS_MAX);
    for (const [deploymentId] of taken) this.changed.delete(deploymentId);
    return taken.map(([deploymentId, version]) => ({ deploymentId, version }));
  }

  putBack(applied: readonly AppliedVersion[]): void {
    for (const { deploymentId, version } of applied) {
      if (!this.changed.has(deploymentId)) this.changed.set(deploymentId, version);
    }
  }
}

/** The lines of `licensesDigest`: what this instance enforces, sorted by nobody but the digest. */
export function licenseLines(own: readonly HeldLicense[]): { deploymentId: string; version: number; jti: string }[] {
  return own.map(({ claims, version }) => ({ deploymentId: claims.deployment.id, version, jti: claims.jti }));
}

/** Due every 30 s of the Clock, and at once when it was set back past the last one. */
export function isStatusDue(lastAt: Date | undefined, now: Date): boolean {
  if (!lastAt) return true;
  const passedMs = now.getTime() - lastAt.getTime();
  return passedMs >= STATUS_EVERY_MS || passedMs < 0;
}
