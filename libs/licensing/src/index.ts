export * from './claims/claims.js';
export { licenseState, type LicenseState } from './claims/license-state.js';
export { licenseProblems } from './claims/claims-shape.js';
export type { ShapeProblem } from './claims/shape.js';
export {
  exportPublicJwk,
  importPrivateJwk,
  importPublicJwk,
  importRootPublicKey,
  jwkThumbprint,
  KID_PATTERN,
  type PrivateJwk,
  type PublicJwk,
} from './keys/jwk.js';
export { createKeyPair, type KeyPair } from './keys/key-pair.js';
export {
  signKeyStatement,
  verifyKeyStatement,
  type KeyState,
  type KeyStatementClaims,
  type TrustedKey,
} from './keys/key-statement.js';
export { signLicense, signLicenseWith, type LicenseSigner, type SigningKey } from './token/sign-license.js';
export {
  CLOCK_SKEW_MS_MAX,
  verifyLicense,
  verifyStoredLicense,
  type HighestSeen,
  type VerificationContext,
  type VerifiedLicense,
} from './token/verify-license.js';
export { effectiveNow, type NewestIssue } from './token/effective-time.js';
export { KeyStatementErrors, LicenseTokenErrors, mayBecomeValid } from './token/license-token.errors.js';
export {
  homeDatabaseName,
  homeRoleNames,
  isHomeDatabaseName,
  isTenantDatabaseName,
  tenantDatabaseName,
  tenantRoleNames,
  type HomeRoleNames,
  type TenantRoleNames,
} from './names/database-names.js';
export {
  buildClaims,
  overridingStrategy,
  type AttachedAddon,
  type LicenseInput,
  type LimitOverride,
  type PlannedLimit,
  type PlannedModule,
} from './claims/build-claims.js';
export { GRACE_DAYS_DEFAULT, graceEnd, NOTICE_DAYS_DEFAULT, noticeStart, termEnd } from './claims/term.js';
export { decide, decideLimits } from './decision/decide.js';
export { isBeyondCap } from './decision/limit-count.js';
export { LicenseErrors, LimitErrors, WARNING_CODES } from './decision/decision.errors.js';
export {
  DECISION_OUTCOMES,
  type CounterReading,
  type DecideInput,
  type Decision,
  type DecisionOutcome,
  type DecisionWarning,
} from './decision/decision.js';
export { crossedThresholds, thresholdsOf, type Threshold } from './decision/thresholds.js';
export { gcra, type GcraAnswer, type GcraState, type RateAnswer } from './strategies/gcra.js';
export { limitsOf } from './limits/limits-of.js';
export { limitPeriod } from './limits/limit-period.js';
export { quotaKey, QUOTA_KEY_PATTERN } from './limits/quota-key.js';
export { LicenseBook, type HeldLicense, type Received } from './book/license-book.js';
export { KeyRing } from './book/key-ring.js';
export { NewestIssueByKey, type Instant } from './book/newest-issue.js';
export { SetAside, WAITING_MAX, WAITING_PER_DEPLOYMENT_MAX, type WaitingRecord } from './book/set-aside.js';
export { LicenseTable, type CountedQuestion } from './table/license-table.js';
