export {
  createLicenseGate,
  LicenseGate,
  type GateStatus,
  type LicenseGateOptions,
  type Use,
} from './gate/license-gate.js';
export { type CountedDecision, type LimitCounter, type LimitQuestion } from './gate/limit-counter.js';
export { mayServe, type LicenseReading } from './gate/readiness.js';
export { readRootKey } from './gate/root-key.js';
export { type LicenseFeed, type LicenseSink, type RecordOutcome } from './feeds/license-feed.js';
export { FileFeed, type FileFeedOptions } from './feeds/file-feed.js';
export { writeBundle, type LicenseBundle } from './feeds/bundle.js';
export { HomeCounter, ReservationError, type HomeCounterOptions } from './home/home-counter.js';
export { ClientToken, type ClientTokenOptions } from './home/client-token.js';
export { FolderInUseError } from './files/folder-lock.js';
export { UsageClient, type UsageClientOptions, type UsageRecord } from './usage/usage-client.js';
export { type UsageClientStatus } from './usage/usage-client.status.js';
export { SpoolErrors } from './usage/usage-client.errors.js';
export { type UsageToken } from './usage/usage-poster.js';
