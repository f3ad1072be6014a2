import type { CountedQuestion, CounterReading, Decision, LicenseClaims } from '@biplane/licensing';

/** What limits ask of the licenses that this home holds. */
export interface KeptLicenses {
  /** By which licenses are judged. */
  now(): Date;
  /** What the license of a deployment says to an action, apart from any count. */
  decide(deploymentId: string, action: string): Decision;
  /** The same for a use of a meter, by what was counted of it; undefined: the exact way has to be taken. */
  decideCounted(question: CountedQuestion, reading: CounterReading): Decision | undefined;
  get(deploymentId: string): { readonly claims: LicenseClaims } | undefined;
  onChange(listener: (changed: readonly string[]) => void): void;
}
