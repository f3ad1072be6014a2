export { requiredVariable, sizeOfRun } from './test-environment.js';
export { eventually, waitFor, type Deadline } from './eventually.js';
export { FakeClock } from './fake-clock.js';
export { drawn, seededRandom, seedOfRun, shuffleAndRepeat } from './hostile-delivery.js';
export { migrationsFolder, type SchemaName } from './parts/workspace.js';
export { testPostgres, testUnitOfWork, type TestPostgres } from './parts/postgres.js';
export { testKafka, type TestKafka, type TestKafkaUser } from './parts/kafka.js';
export { testRedis, type TestRedis } from './parts/redis.js';
export {
  testCluster,
  TestCluster,
  type ClusterAnswer,
  type PolicyRule,
  type TestIdentity,
} from './cluster/test-cluster.js';
export {
  clusterProxy,
  type ClusterFault,
  type ClusterProxy,
  type ProxiedRequest,
  type ProxyOptions,
  type Respond,
} from './cluster/cluster-proxy.js';
export { InMemoryBroker } from './broker/in-memory-broker.js';
export { brokerConformance, type BrokerSubject, type ConformanceCase } from './broker/broker-conformance.js';
export { readTopic } from './broker/read-topic.js';
export { spawnSource, type Child, type ChildEnd } from './kill/child.js';
export { checkInvariants, invariants, type Invariant } from './invariants.js';
export { ServiceClient, type Answer, type ClientCredentials } from './stack/service-client.js';
export { readStackFile, type StackFile } from './stack/stack-file.js';
export {
  StackControl,
  type PartName,
  type PartVerb,
  type ServiceState,
  type StackState,
  type StartOptions,
} from './stack/stack-control.js';
export { answersWithoutPlace } from './openapi/answer-places.js';
export { AnswerSchemas, routesWithoutAnswerSchema, type ApiDocument } from './openapi/answer-schemas.js';
export { StackClient, type OwnHome } from './stack/stack-client.js';
export {
  acmeTenant,
  emptyVersion,
  financialsModule,
  ledgerModules,
  recordsMeter,
  gst,
  publishPlan,
  storageAddon,
  studioMeters,
  studioPlan,
} from './scenario/studio.js';
export { newPlacement, TestIssuer, type IssuedRecord, type Placement } from './licenses/test-issuer.js';
export {
  idOf,
  insertManyMonths,
  insertManyTenants,
  usedBy,
  type ManyMonths,
  type ManyTenants,
} from './scenario/many-tenants.js';
export { meteredMeters, meteredPlan } from './scenario/metered-plan.js';
export { selfSignedCertificate } from './mail/certificate.js';
export { startMailServer, type MailServer, type ReceivedMail } from './mail/mail-server.js';
