import { connect } from 'node:net';
import { cp, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { kafkaInstallation, type KafkaInstallation } from './kafka-jars.js';
import type { ManagedProcess } from './managed-process.js';
import { ExternalPart, type Part, type PartContext } from './part.js';

const START_TIMEOUT_MS = 120_000;

/** `broker` and `topics` are super users; the others may do what the access rules of topics.main.ts give them. */
export function kafkaUserNames(regions: string[]): string[] {
  return ['broker', 'topics', 'core', ...regions.map((region) => `home-${region}`)];
}

export interface KafkaPart extends Part {
  readonly brokers: string[];
  /** User → password. */
  readonly users: Record<string, string>;
}

/** Starts a broker with users and access rules, or takes that of KAFKA_BROKERS with the users of KAFKA_USERS. */
export async function startKafka(context: PartContext, regions: string[]): Promise<KafkaPart> {
  const given = context.environment['KAFKA_BROKERS'];
  if (given) {
    const users = parseKafkaUsers(context.environment['KAFKA_USERS'], regions);
    return Object.assign(new ExternalPart('kafka', 'KAFKA_BROKERS'), { brokers: given.split(','), users });
  }
  const installation = await kafkaInstallation(context.cache, context.environment, context.say);
  const users: Record<string, string> = {};
  for (const name of kafkaUserNames(regions)) users[name] = context.passwords[`kafka-${name}`] ?? '';
  const broker = new LocalKafka(context, installation, users, await context.ports.next(), await context.ports.next());
  await broker.start();
  return broker;
}

/** KAFKA_USERS: a JSON object of user → password that names every user of the stack. */
export function parseKafkaUsers(text: string | undefined, regions: string[]): Record<string, string> {
  const example = '{"topics":"…","core":"…","home-eu-1":"…"}';
  if (!text) throw new Error(`KAFKA_BROKERS is set: set KAFKA_USERS too, as ${example}`);
  let users: unknown;
  try {
    users = JSON.parse(text);
  } catch {
    throw new Error(`KAFKA_USERS is not JSON; it looks like ${example}`);
  }
  const needed = kafkaUserNames(regions).filter((name) => name !== 'broker');
  const known = users !== null && typeof users === 'object' ? (users as Record<string, unknown>) : {};
  const missing = needed.filter((name) => typeof known[name] !== 'string');
  if (missing.length > 0) throw new Error(`KAFKA_USERS lacks the password of: ${missing.join(', ')}`);
  return known as Record<string, string>;
}

class LocalKafka implements KafkaPart {
  readonly name = 'kafka';
  readonly external = false;
  readonly brokers: string[];
  private process: ManagedProcess | undefined;
  private readonly data: string;

  constructor(
    private readonly context: PartContext,
    private readonly installation: KafkaInstallation,
    readonly users: Record<string, string>,
    private readonly port: number,
    private readonly controllerPort: number,
  ) {
    this.data = path.join(context.dataFolder, 'kafka');
    this.brokers = [`127.0.0.1:${port}`];
  }

  get running(): boolean {
    return this.process?.running ?? false;
  }

  async start(): Promise<void> {
    if (this.running) return;
    if (!(await exists(path.join(this.data, 'meta.properties')))) {
      await rm(this.data, { recursive: true, force: true });
      await cp(this.installation.formatted, this.data, { recursive: true });
    }
    // Left by a broker that was killed; its process is gone (run-lock.ts sees to that), so the lock means nothing.
    await rm(path.join(this.data, '.lock'), { force: true });
    const properties = path.join(this.context.privateFolder, 'kafka.properties');
    await writeFile(properties, this.properties(), { mode: 0o600 });
    const logging = path.join(this.context.privateFolder, 'kafka-log4j2.xml');
    await writeFile(logging, LOGGING);
    const jvm = ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
    this.process = this.context.group.spawn({
      name: 'kafka',
      command: this.installation.java,
      args: [
        ...jvm,
        `-Dlog4j2.configurationFile=${logging}`,
        '-cp',
        this.installation.classPath,
        'kafka.Kafka',
        properties,
      ],
      env: { PATH: this.context.environment['PATH'], TZ: 'UTC' },
      logFile: path.join(this.context.privateFolder, 'kafka.log'),
    });
    await this.process.waitUntil('ready', () => portAnswers(this.port), START_TIMEOUT_MS);
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }

  async kill(): Promise<void> {
    await this.process?.kill();
  }

  private properties(): string {
    const broker = this.users['broker'] ?? '';
    const users = Object.entries(this.users).map(([name, password]) => `user_${name}="${password}"`);
    const login = `username="broker" password="${broker}" ${users.join(' ')}`;
    return Object.entries({
      'process.roles': 'broker,controller',
      'node.id': 1,
      'controller.quorum.voters': `1@127.0.0.1:${this.controllerPort}`,
      listeners: `SASL_PLAINTEXT://127.0.0.1:${this.port},CONTROLLER://127.0.0.1:${this.controllerPort}`,
      'advertised.listeners': `SASL_PLAINTEXT://127.0.0.1:${this.port}`,
      'controller.listener.names': 'CONTROLLER',
      'inter.broker.listener.name': 'SASL_PLAINTEXT',
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'listener.name.sasl_plaintext.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${login};`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // ANONYMOUS is the controller listener alone, which only this process uses, on loopback.
      'super.users': 'User:broker;User:topics;User:ANONYMOUS',
      'allow.everyone.if.no.acl.found': false,
      'auto.create.topics.enable': false,
      'log.dirs': this.data,
      'offsets.topic.replication.factor': 1,
      // The internal topics have 50 partitions by default: on one node that is only time and file handles.
      'offsets.topic.num.partitions': 4,
      'transaction.state.log.num.partitions': 4,
      'transaction.state.log.replication.factor': 1,
      'transaction.state.log.min.isr': 1,
      'share.coordinator.state.topic.replication.factor': 1,
      'share.coordinator.state.topic.min.isr': 1,
      'share.coordinator.state.topic.num.partitions': 4,
      'group.initial.rebalance.delay.ms': 0,
      // A broker that was killed may only come back when its old session has ended: 9 s by default.
      'broker.session.timeout.ms': 2_000,
      'broker.heartbeat.interval.ms': 500,
      'log.cleaner.dedupe.buffer.size': 16_777_216,
      'num.network.threads': 2,
      'num.io.threads': 4,
      'controlled.shutdown.enable': true,
    })
      .map(([name, value]) => `${name}=${value}\n`)
      .join('');
  }
}

const LOGGING = `<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="ERROR">
  <Appenders><Console name="out"><PatternLayout pattern="%d{ISO8601} %p %c{1} %m%n"/></Console></Appenders>
  <Loggers><Root level="WARN"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
`;

function portAnswers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1_000 });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
    socket.once('timeout', () => done(false));
  });
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
