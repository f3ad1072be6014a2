// database
export { executeSql, prismaOf, querySql, type Tx } from './database/tx.js';
export { UnitOfWork, type IsolationLevel, type TransactionOptions } from './database/unit-of-work.js';
export { rehearse } from './database/rehearse.js';
export { openDatabase, type DatabaseOptions, type PrismaAdapter } from './database/open-database.js';
export { DatabaseModule } from './database/database.module.js';
export {
  isDatabaseUnavailable,
  isLockTimeout,
  isReadOnlyTransaction,
  isTransactionConflict,
  isUniqueViolation,
  isValueRefused,
} from './database/database-errors.js';
export {
  grantRuntimeRole,
  migrate,
  MIGRATION_LOCK_KEY,
  MigrationLockTimeoutError,
  migrationStatus,
  schemaDrift,
  type MigrateOptions,
  type MigrationStatus,
} from './database/migrations.js';
// clock
export { CLOCK, createClock, OffsetClock, SystemClock } from './clock/clocks.js';
export { IDS, RandomIds, type Ids } from './clock/ids.js';
// environment
export * as variable from './environment/variables.js';
export type { Variable } from './environment/variables.js';
export {
  EnvironmentError,
  envReference,
  loadEnv,
  type EnvironmentOf,
  type EnvironmentSpec,
} from './environment/environment.js';
export { kafkaVariables, postgresUrl, proxyVariables, serviceVariables } from './environment/common-variables.js';
export { readSource, type TextSource } from './environment/source-text.js';
export { defaultInstanceId } from './environment/instance-id.js';
// problems
export { RequestErrors, ServiceErrors } from './problems/request.errors.js';
export { failureOf } from './problems/failure-of.js';
export { invalid } from './problems/validation.pipe.js';
export { PROBLEM_MEDIA_TYPE, problemOf, problemType, type Problem } from './problems/problem.js';
export { IsInstant } from './problems/is-instant.js';
export { UuidParam } from './problems/uuid-param.js';
// auth
export { parseClients, type Client } from './auth/clients.js';
export {
  AccessBy,
  CurrentPrincipal,
  principalOfRequest,
  setPrincipal,
  Public,
  Scopes,
  type Access,
} from './auth/access.decorators.js';
export {
  holdsAnyScope,
  principalMayRead,
  principalMayServe,
  principalMayUseRegion,
  TENANT_SCOPE,
  type Principal,
} from './auth/principal.js';
export { AccessTokens } from './auth/access-tokens.js';
export { AuthErrors } from './auth/auth.errors.js';
export type { AuthOptions } from './auth/auth.module.js';
export { addressOf, networkOf } from './auth/network-of.js';
export { createTokenKey } from './auth/token-key.js';
export { RateLimiter, type RateLimit } from './auth/rate-limiter.js';
// idempotency
export { IdempotencyModule } from './idempotency/idempotency.module.js';
export { IdempotencyService } from './idempotency/idempotency.service.js';
export {
  Idempotent,
  IdempotencyKey,
  MaybeIdempotencyKey,
  MaybeIdempotent,
  type IdempotentRequest,
} from './idempotency/idempotency-key.decorator.js';
export { IdempotencyErrors } from './idempotency/idempotency.errors.js';
export { StoredAnswer, type Answer } from './idempotency/stored-answer.js';
// jobs, health, metrics, faults
export { JobRunner, type Job } from './jobs/job-runner.js';
export { olderRows, RetentionJob, type RetentionRule } from './jobs/retention-job.js';
export { HealthRegistry, type HealthCheck, type HealthReport } from './health/health-registry.js';
export { SERVICE, type ServiceIdentity } from './health/version.controller.js';
export { Metrics } from './metrics/metrics.js';
export { faultPoint } from './faults/fault-point.js';
// crypto
export { FieldCipher, parseFieldKeys, type FieldKeys, type FieldPlace } from './crypto/field-cipher.js';
export { hashSecret, verifySecret } from './crypto/secret-hash.js';
// calls to addresses that strangers chose
export {
  hostOf,
  refusalOfUrl,
  resolveByDns,
  resolveTarget,
  type Resolve,
  type Target,
  type TargetPolicy,
  type TargetRefusal,
} from './outbound/target.js';
export { OutboundError, outboundFetch, type OutboundOptions } from './outbound/outbound-fetch.js';
// http
export { ServiceKitModule, type ServiceKitOptions } from './service-kit.module.js';
export { bootstrap, runMain, StartRefusedError, type BootstrapOptions, type RunningService } from './http/bootstrap.js';
export { createHttpApp, createPreviewApp, type RootModule } from './http/create-app.js';
export { ReadsCsv } from './http/body-parsers.js';
export { KEY, mapPage, page, PageQuery, type Page, type PageRows, type PageWindow } from './http/paging.js';
export { ApiInstant, ApiList, ApiPage, MoneyDto, PagePositionDto } from './http/answers.js';
export { EntityTagged, IfMatch, NO_PRECONDITION, type Precondition } from './http/entity-tag.js';
export { LocatedAt } from './http/located-at.js';
export { answerPdf, GetPdf, type PdfFile, type PdfReply } from './http/pdf-answers.js';
export { openApiDocument, type DocsOptions } from './http/openapi.js';
export { routeInventory, type RouteEntry } from './http/route-inventory.js';
export { errorReference, scopeReference, writeReference, type ReferenceOptions } from './http/reference.js';
