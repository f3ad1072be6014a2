import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { openFolder } from './cache.js';
import { ensureCommand } from './system-packages.js';

const run = promisify(execFile);
export const KAFKA_VERSION = '4.1.1';
const LOG4J_VERSION = '2.25.3';
const LAYOUT = 2; // rises when what we keep in the cache changes its shape

// One id for every local broker: a folder formatted once can be copied for each run.
const CLUSTER_ID = 'YmlwbGFuZS1sb2NhbC0wMQ';

export interface KafkaInstallation {
  java: string;
  classPath: string;
  /** A formatted, empty log folder to copy: formatting costs a JVM start of several seconds. */
  formatted: string;
}

/** The broker's jars and a formatted folder, from the cache; downloaded through Maven the first time. */
export async function kafkaInstallation(
  cache: string,
  environment: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<KafkaInstallation> {
  const java = await ensureCommand('java', environment, say);
  const folder = path.join(cache, `kafka-${KAFKA_VERSION}-${LAYOUT}`);
  const installation = {
    java,
    classPath: path.join(folder, 'lib', '*'),
    formatted: path.join(folder, 'formatted'),
  };
  if (await exists(path.join(installation.formatted, 'meta.properties'))) return installation;

  const maven = await ensureCommand('mvn', environment, say);
  say(`downloading Apache Kafka ${KAFKA_VERSION} through Maven (43 MB, once)`);
  await openFolder(cache);
  const scratch = await mkdtemp(path.join(cache, 'kafka-download-'));
  try {
    await writeFile(path.join(scratch, 'pom.xml'), pom());
    const goals = ['dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=lib'];
    await run(maven, ['-q', '-B', ...goals], { cwd: scratch, env: environment, timeout: 300_000, maxBuffer: 1 << 26 });
    if ((await readdir(path.join(scratch, 'lib'))).length < 10) throw new Error('Maven copied too few jars');
    say('formatting the broker folder (once)');
    await format(java, scratch, environment);
    await rename(scratch, folder).catch(async (error: NodeJS.ErrnoException) => {
      if (!(await exists(path.join(installation.formatted, 'meta.properties')))) throw error;
    });
  } catch (error) {
    const reason = (error as { stdout?: string }).stdout || (error as Error).message;
    throw new Error(`Kafka could not be fetched through Maven (or set KAFKA_BROKERS): ${reason.slice(-1500)}`, {
      cause: error,
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return installation;
}

async function format(java: string, folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const formatted = path.join(folder, 'formatted');
  await mkdir(formatted);
  const properties = path.join(folder, 'format.properties');
  await writeFile(
    properties,
    [
      'process.roles=broker,controller',
      'node.id=1',
      'controller.quorum.voters=1@127.0.0.1:9093',
      'listeners=SASL_PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093',
      'controller.listener.names=CONTROLLER',
      'inter.broker.listener.name=SASL_PLAINTEXT',
      'listener.security.protocol.map=CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT',
      'sasl.enabled.mechanisms=PLAIN',
      'sasl.mechanism.inter.broker.protocol=PLAIN',
      `log.dirs=${formatted}`,
    ].join('\n'),
  );
  const classPath = path.join(folder, 'lib', '*');
  await run(java, ['-cp', classPath, 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', properties], {
    env: environment,
    timeout: 120_000,
  });
}

function pom(): string {
  const dependency = (group: string, artifact: string, version: string) =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>dev.biplane</groupId><artifactId>local-broker</artifactId><version>1</version>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', KAFKA_VERSION)}
    ${dependency('org.apache.logging.log4j', 'log4j-core', LOG4J_VERSION)}
    ${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', LOG4J_VERSION)}
  </dependencies>
</project>
`;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
