import path from 'node:path';
import type { ManagedProcess, ProcessGroup } from './managed-process.js';
import type { Ports } from './ports.js';

/** A service of ours: which file of the built tree, in which environment. */
export interface ServiceSpec {
  name: string;
  /** Folder under apps/. */
  app: string;
  /** Its entry file in dist/; main.js by default. */
  file?: string;
  environment: Record<string, string>;
  /** True when the service has a second listener for /internal. */
  internal: boolean;
}

export interface ServiceState {
  name: string;
  running: boolean;
  pid: number | null;
  url: string;
  internalUrl: string | null;
}

const READY_TIMEOUT_MS = 90_000;
const TASK_TIMEOUT_MS = 180_000;
// A service is given 25 s to finish what it is doing.
const STOP_TIMEOUT_MS = 30_000;

/** Starts, stops and kills services of the built tree. A replica started again keeps its ports. */
export class Supervisor {
  private readonly replicas = new Map<string, Replica>();

  constructor(
    private readonly root: string,
    private readonly logFolder: string,
    private readonly group: ProcessGroup,
    private readonly ports: Ports,
    private readonly baseEnvironment: NodeJS.ProcessEnv,
  ) {}

  /** Declares a service; `start` starts it. */
  async add(spec: ServiceSpec): Promise<ServiceState> {
    const port = await this.ports.next();
    const internalPort = spec.internal ? await this.ports.next() : null;
    const replica = new Replica(spec, port, internalPort);
    this.replicas.set(spec.name, replica);
    return replica.state();
  }

  /** One more process of the same service, under the next free name: `core-api` → `core-api-2`. */
  async addReplica(of: string): Promise<ServiceState> {
    const { spec } = this.replica(of);
    let number = 2;
    while (this.replicas.has(`${of}-${number}`)) number += 1;
    return this.add({ ...spec, name: `${of}-${number}` });
  }

  /** Starts it with extra environment for this start alone (FAULT_POINTS), and waits until it is ready. */
  async start(
    name: string,
    options: { env?: Record<string, string>; waitReady?: boolean } = {},
  ): Promise<ServiceState> {
    const replica = this.replica(name);
    if (replica.process?.running) return replica.state();
    replica.process = this.group.spawn({
      name,
      command: process.execPath,
      args: ['--enable-source-maps', this.entry(replica.spec.app, replica.spec.file ?? 'main.js')],
      env: { ...this.environmentOf(replica), ...options.env },
      cwd: this.root,
      logFile: this.logFile(name),
    });
    if (options.waitReady ?? true) await this.waitReady(name);
    return replica.state();
  }

  async waitReady(name: string): Promise<void> {
    const replica = this.replica(name);
    if (!replica.process) throw new Error(`${name} was not started`);
    await replica.process.waitUntil('ready', () => answersOk(`${replica.url}/health/ready`), READY_TIMEOUT_MS);
  }

  async stop(name: string): Promise<void> {
    await this.replica(name).process?.stop(STOP_TIMEOUT_MS);
  }

  async kill(name: string): Promise<void> {
    await this.replica(name).process?.kill();
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.replicas.keys()].map((name) => this.stop(name)));
  }

  state(): ServiceState[] {
    return [...this.replicas.values()].map((replica) => replica.state());
  }

  /** What it is started with, less what a single start adds. */
  environment(name: string): NodeJS.ProcessEnv {
    return this.environmentOf(this.replica(name));
  }

  has(name: string): boolean {
    return this.replicas.has(name);
  }

  /** Runs one of the service's other entry files to its end (migrate.main.js, topics.main.js). */
  async runTask(app: string, file: string, environment: Record<string, string>): Promise<void> {
    const name = `${app}-${file.replace(/\.js$/, '')}`;
    const task = this.group.spawn({
      name,
      command: process.execPath,
      args: ['--enable-source-maps', this.entry(app, file)],
      env: { ...this.baseEnvironment, ...environment },
      cwd: this.root,
      logFile: this.logFile(name),
    });
    await task.waitForSuccess(TASK_TIMEOUT_MS);
  }

  logFile(name: string): string {
    return path.join(this.logFolder, `${name}.log`);
  }

  private environmentOf(replica: Replica): NodeJS.ProcessEnv {
    return {
      ...this.baseEnvironment,
      ...replica.spec.environment,
      HTTP_PORT: String(replica.port),
      ...(replica.internalPort === null ? {} : { INTERNAL_PORT: String(replica.internalPort) }),
      INSTANCE_ID: replica.spec.name,
    };
  }

  private entry(app: string, file: string): string {
    return path.join(this.root, 'apps', app, 'dist', file);
  }

  private replica(name: string): Replica {
    const replica = this.replicas.get(name);
    if (!replica) throw new Error(`There is no service ${name}; there are ${[...this.replicas.keys()].join(', ')}`);
    return replica;
  }
}

class Replica {
  process: ManagedProcess | undefined;
  readonly url: string;

  constructor(
    readonly spec: ServiceSpec,
    readonly port: number,
    readonly internalPort: number | null,
  ) {
    this.url = `http://127.0.0.1:${port}`;
  }

  state(): ServiceState {
    const running = this.process?.running ?? false;
    return {
      name: this.spec.name,
      running,
      pid: running ? (this.process?.identity.pid ?? null) : null,
      url: this.url,
      internalUrl: this.internalPort === null ? null : `http://127.0.0.1:${this.internalPort}`,
    };
  }
}

async function answersOk(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.arrayBuffer();
  return response.status === 200;
}
