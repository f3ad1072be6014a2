import { cacheFolder } from './cache.js';
import { writeClusterSettings } from './cluster-settings.js';
import { serveControl, type Control } from './control.js';
import { ensureDatabases } from './databases.js';
import { identify } from './process-identity.js';
import { Ports } from './ports.js';
import type { Part } from './part.js';
import { completePasswords, startParts, type Parts } from './parts.js';
import { createFurtherKey, prepareFirstUse, writeFixedFiles } from './first-use.js';
import type { RunFolder } from './run-folder.js';
import {
  CORE_CLIENTS,
  homeClients,
  homeIdOf,
  readMemory,
  writeMemory,
  writeServiceSecrets,
  type ClientCredentials,
  type StackMemory,
} from './secrets.js';
import { clockFile, homeServiceName, planStack, type Plan } from './service-specs.js';
import { Supervisor } from './services.js';
import { removeStackFile, writeStackFile, type StackFile } from './stack-file.js';

export interface StackOptions {
  /** The repository's root: services run from its dist folders. */
  root: string;
  environment: NodeJS.ProcessEnv;
  run: RunFolder;
  /** Where stack.json goes. */
  stackFile: string;
  portBase?: number | undefined;
  /** False when nothing kills PostgreSQL and the data is thrown away. */
  durable: boolean;
  /** The instant at which the stack's Clock stands when it starts; the present by default. */
  startAt?: string;
  /** Regions of which a home is started. */
  homes?: string[];
  /** Where dedicated homes run; without one they are recorded as files, which tools/cluster runs. */
  cluster?: StackCluster | undefined;
  /** Where the ready pods of a dedicated home listen, by its namespace. */
  homeAddresses?: ((namespace: string) => Promise<string[]>) | undefined;
  step: <T>(title: string, work: () => Promise<T>) => Promise<T>;
  say: (line: string) => void;
}

export interface StackCluster {
  kubeconfig: string;
  apiServer: Part;
}

export interface RunningStack {
  file: StackFile;
  control: Control;
  parts: Parts;
  supervisor: Supervisor;
  stop(): Promise<void>;
}

/** Regions that every stack has topics and access rules for, so that the wall between them can be tried. */
export const REGIONS = ['eu-1', 'us-1'];

/** Starts everything: servers, databases, topics, services, the first signing key, the regions. Stops all on failure. */
export async function startStack(options: StackOptions): Promise<RunningStack> {
  const { run, step } = options;
  const homes = options.homes ?? ['eu-1'];
  const memory = readMemory(run.privateFolder);
  memory.passwords = completePasswords(memory.passwords, REGIONS);
  await removeStackFile(options.stackFile);
  const ports = new Ports(options.portBase);
  // The services' own ports come first: with --port-base they are always the same ones.
  const supervisor = new Supervisor(
    options.root,
    run.privateFolder,
    run.group,
    ports,
    childEnvironment(options.environment),
  );
  const parts = await startParts(
    {
      environment: options.environment,
      cache: cacheFolder(options.environment),
      dataFolder: run.dataFolder,
      privateFolder: run.privateFolder,
      group: run.group,
      ports,
      say: options.say,
      durable: options.durable,
      passwords: memory.passwords,
    },
    REGIONS,
    step,
  );
  let control: Control | undefined;
  const stop = async () => {
    await removeStackFile(options.stackFile);
    await control?.close();
    await supervisor.stopAll();
    await parts.stop();
  };
  try {
    const secretFiles: Record<string, Record<string, string>> = {};
    const clients = await writeSecrets(run.privateFolder, homes, memory, secretFiles);
    await writeFixedFiles(run.privateFolder, options.startAt);
    const plan = planStack({
      parts,
      memory,
      regions: REGIONS,
      homes,
      privateFolder: run.privateFolder,
      secretFiles,
      kubeconfig: options.cluster?.kubeconfig,
    });
    await writeMemory(run.privateFolder, memory);
    await step('databases and roles', () =>
      ensureDatabases(parts.postgres.url, plan.databases, plan.provisioners, !parts.postgres.external),
    );
    await runTasks(supervisor, plan, step);
    await startServices(supervisor, plan, options, parts.kafka.brokers);
    control = await serveControl(
      {
        supervisor,
        parts,
        apiServer: options.cluster?.apiServer,
        homeAddresses: options.homeAddresses,
        createKey: (kid) => createFurtherKey(run.privateFolder, kid),
      },
      await ports.next(),
    );
    const file = describe(options, { supervisor, parts, control, clients, homes, memory });
    await step('signing key and regions', () => prepareFirstUse(file, run.privateFolder));
    await writeStackFile(options.stackFile, file);
    return { file, control, parts, supervisor, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function writeSecrets(
  folder: string,
  homes: string[],
  memory: StackMemory,
  secretFiles: Record<string, Record<string, string>>,
): Promise<Record<string, ClientCredentials>> {
  const core = await writeServiceSecrets(folder, 'core-api', CORE_CLIENTS, memory);
  secretFiles['core-api'] = core.environment;
  const clients = { ...core.credentials };
  for (const region of homes) {
    const home = await writeServiceSecrets(folder, homeServiceName(region), homeClients(region), memory);
    secretFiles[homeServiceName(region)] = home.environment;
    Object.assign(clients, home.credentials);
  }
  return clients;
}

async function runTasks(supervisor: Supervisor, plan: Plan, step: StackOptions['step']): Promise<void> {
  await settleAll(
    plan.tasks.map((task) => step(task.title, () => supervisor.runTask(task.app, task.file, task.environment))),
  );
}

async function startServices(
  supervisor: Supervisor,
  plan: Plan,
  { step, run }: StackOptions,
  kafkaBrokers: string[],
): Promise<void> {
  for (const service of plan.services) await supervisor.add(service);
  await writeClusterSettings(run.privateFolder, plan.services, supervisor.state(), kafkaBrokers);
  await settleAll(plan.services.map(({ name }) => step(name, () => supervisor.start(name))));
}

/** Waits for all before it fails: what is still starting could not be stopped in order. */
async function settleAll(work: Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

function describe(
  options: StackOptions,
  stack: {
    supervisor: Supervisor;
    parts: Parts;
    control: Control;
    clients: Record<string, ClientCredentials>;
    homes: string[];
    memory: StackMemory;
  },
): StackFile {
  const addressOf = (name: string) => {
    const service = stack.supervisor.state().find((candidate) => candidate.name === name);
    if (!service) throw new Error(`${name} was not started`);
    return service;
  };
  const byRegion = (value: (region: string) => string) =>
    Object.fromEntries(stack.homes.map((region) => [region, value(region)]));
  const launcher = identify(process.pid);
  if (!launcher) throw new Error('This process cannot be identified');
  return {
    coreApi: addressOf('core-api').url,
    tenantApi: byRegion((region) => addressOf(homeServiceName(region)).url),
    tenantApiInternal: byRegion((region) => addressOf(homeServiceName(region)).internalUrl ?? ''),
    homes: byRegion((region) => homeIdOf(stack.memory, region)),
    kafka: {
      brokers: stack.parts.kafka.brokers,
      users: Object.fromEntries(
        Object.entries(stack.parts.kafka.users).map(([username, password]) => [username, { username, password }]),
      ),
    },
    postgres: stack.parts.postgres.url,
    redis: stack.parts.redis.url,
    clients: stack.clients,
    clock: clockFile(options.run.privateFolder),
    control: { url: stack.control.url, token: stack.control.token },
    logs: options.run.privateFolder,
    launcher,
  };
}

/** Services see what they are given and the system's basics: nothing that lies about in the developer's shell. */
function childEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { PATH: environment['PATH'], HOME: environment['HOME'], TZ: 'UTC' };
}
