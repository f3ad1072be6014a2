import { randomInt } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { privateFolder, type ManagedProcess, type Ports, type ProcessGroup } from '@biplane/stack';
import { ApiClient } from '../api/client.js';
import { ensureBinaries } from './binaries.js';
import { kubeconfigOf, makeCredentials, type ClusterUser, type Credentials } from './credentials.js';

const START_TIMEOUT_MS = 90_000;
/** What etcd calls host and port is the name of its socket, in the folder in which both run: nobody else can enter it. */
const ETCD_CLIENTS = 'unix://localhost:1';
const ETCD_PEERS = 'unix://localhost:2';
/** Of the range that no network uses (RFC 2544): addresses of services are addresses of this machine, see the agent. */
const SERVICE_RANGE = '198.19';

export interface ControlPlaneContext {
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Everything of this control plane stands in it: ours alone. */
  readonly folder: string;
  readonly group: ProcessGroup;
  readonly ports: Ports;
  readonly say: (line: string) => void;
}

/** etcd, the API server and the controller manager as processes of this machine. */
export class ControlPlane {
  private etcd: ManagedProcess | undefined;
  private apiServer: ManagedProcess | undefined;
  private controllerManager: ManagedProcess | undefined;
  readonly server: string;

  private constructor(
    private readonly context: ControlPlaneContext,
    private readonly binaries: Record<'etcd' | 'kube-apiserver' | 'kube-controller-manager', string>,
    private readonly credentials: Credentials,
    private readonly port: number,
    private readonly serviceRange: string,
  ) {
    this.server = `https://127.0.0.1:${port}`;
  }

  static async start(given: ControlPlaneContext): Promise<ControlPlane> {
    const context = { ...given, folder: await privateFolder(given.folder) };
    const names = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const;
    const binaries = await ensureBinaries(names, context.environment, context.root, context.say);
    const credentials = await makeCredentials(context.folder);
    const range = await keptServiceRange(context.folder);
    const plane = new ControlPlane(context, binaries, credentials, await context.ports.next(), range);
    plane.startEtcd();
    await plane.startApiServer();
    plane.startControllerManager(await plane.writeKubeconfig('system:kube-controller-manager'));
    return plane;
  }

  get apiServerIsRunning(): boolean {
    return this.apiServer?.running ?? false;
  }

  /** On the port it had, over the data it had. */
  async startApiServer(): Promise<void> {
    if (this.apiServer?.running) return;
    this.apiServer = this.spawn('kube-apiserver', [
      `--etcd-servers=${ETCD_CLIENTS}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${this.port}`,
      `--cert-dir=${path.join(this.context.folder, 'certificates')}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${this.credentials.serviceAccountKeyFile}`,
      `--service-account-signing-key-file=${this.credentials.serviceAccountKeyFile}`,
      `--token-auth-file=${this.credentials.tokenFile}`,
      '--anonymous-auth=false',
      '--authorization-mode=RBAC',
      `--service-cluster-ip-range=${this.serviceRange}`,
      // Nothing waits for a load balancer to notice: a stop is over when the last request is.
      '--shutdown-delay-duration=0s',
    ]);
    await this.apiServer.waitUntil('ready', () => this.isReady(), START_TIMEOUT_MS);
  }

  async stopApiServer(): Promise<void> {
    await this.apiServer?.stop();
  }

  async killApiServer(): Promise<void> {
    await this.apiServer?.kill();
  }

  /** Those who ask before those who answer, and the store last. */
  async stop(): Promise<void> {
    await this.controllerManager?.stop(5_000);
    await this.apiServer?.stop(5_000);
    await this.etcd?.stop(5_000);
  }

  /** Writes a user's kubeconfig and returns its path. */
  async writeKubeconfig(user: ClusterUser): Promise<string> {
    const file = path.join(this.context.folder, `${user.replaceAll(':', '-')}.kubeconfig`);
    const content = kubeconfigOf(this.server, await this.certificate(), user, this.credentials.tokens[user]);
    await writeFile(file, content, { mode: 0o600 });
    return file;
  }

  private startEtcd(): void {
    this.etcd = this.spawn('etcd', [
      `--data-dir=${path.join(this.context.folder, 'etcd')}`,
      `--listen-client-urls=${ETCD_CLIENTS}`,
      `--advertise-client-urls=${ETCD_CLIENTS}`,
      `--listen-peer-urls=${ETCD_PEERS}`,
      `--initial-advertise-peer-urls=${ETCD_PEERS}`,
      `--initial-cluster=default=${ETCD_PEERS}`,
      // The data goes with the run: nothing of it must outlive a power cut.
      '--unsafe-no-fsync',
    ]);
  }

  private startControllerManager(kubeconfig: string): void {
    this.controllerManager = this.spawn('kube-controller-manager', [
      `--kubeconfig=${kubeconfig}`,
      `--service-account-private-key-file=${this.credentials.serviceAccountKeyFile}`,
      `--root-ca-file=${this.certificateFile}`,
      '--use-service-account-credentials=true',
      '--leader-elect=false',
      '--controllers=*',
      '--secure-port=0',
      // An API server that was stopped for a minute must not look like a node that died.
      '--node-monitor-grace-period=10m',
      // As many deployments at once as a burst of new tenants needs.
      '--kube-api-qps=200',
      '--kube-api-burst=400',
      '--concurrent-namespace-syncs=20',
    ]);
  }

  private spawn(name: keyof ControlPlane['binaries'], args: string[]): ManagedProcess {
    return this.context.group.spawn({
      name,
      command: this.binaries[name],
      args,
      env: { PATH: this.context.environment['PATH'], HOME: this.context.folder },
      cwd: this.context.folder,
      logFile: path.join(this.context.folder, '..', `${name}.log`),
    });
  }

  private async isReady(): Promise<boolean> {
    const client = new ApiClient({
      server: this.server,
      certificateAuthority: await this.certificate(),
      token: this.credentials.tokens.admin,
    });
    try {
      await client.text('GET', '/readyz');
      return true;
    } finally {
      client.close();
    }
  }

  private get certificateFile(): string {
    return path.join(this.context.folder, 'certificates', 'apiserver.crt');
  }

  /** The API server makes it at its first start. */
  private certificate(): Promise<string> {
    return readFile(this.certificateFile, 'utf8');
  }
}

/** Services of kept data have their addresses: the range stays with it. */
async function keptServiceRange(folder: string): Promise<string> {
  const file = path.join(folder, 'service-range');
  const kept = await readFile(file, 'utf8').catch(() => null);
  if (kept !== null) return kept;
  const range = freeServiceRange();
  await writeFile(file, range, { mode: 0o600 });
  return range;
}

/** 1,022 addresses that no other cluster of this machine took: a test run may have a thousand services. */
function freeServiceRange(): string {
  const taken = new Set(
    Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ address }) => address.startsWith(`${SERVICE_RANGE}.`))
      .map(({ address }) => Number(address.split('.')[2]) & ~3),
  );
  const free = Array.from({ length: 64 }, (_, index) => index * 4).filter((block) => !taken.has(block));
  if (free.length === 0) throw new Error(`Every range of service addresses under ${SERVICE_RANGE}.0.0/16 is taken`);
  return `${SERVICE_RANGE}.${free[randomInt(free.length)]}.0/22`;
}
