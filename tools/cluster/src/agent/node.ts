import { cpus, hostname, totalmem } from 'node:os';
import { identify, isAlive } from '@biplane/stack';
import { ApiError, type ApiClient } from '../api/client.js';
import { HOST_IP } from '../pods/pod-runner.js';
import { KUBERNETES_VERSION } from '../control-plane/versions.js';

const LEASE_SECONDS = 12;
const RENEW_MS = 3_000;
const PODS = 250;
/** Nothing confines a process here, so requests are not held against the machine: a hundred tenants fit on a laptop. */
const GENEROSITY = 64;

interface Lease {
  metadata: { name: string; namespace: string; resourceVersion?: string };
  spec: { holderIdentity?: string; leaseDurationSeconds?: number; renewTime?: string };
}

/** The Node that an agent stands for, and the lease by which no second agent stands for it too. */
export class NodeRegistration {
  private timer: NodeJS.Timeout | undefined;
  private readonly leasePath: string;

  constructor(
    private readonly client: ApiClient,
    private readonly node: string,
    private readonly holder: string,
    private readonly say: (line: string) => void,
  ) {
    this.leasePath = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  }

  /** Waits while another agent holds the node; whoever takes it over waits until that one must have noticed. */
  async acquire(): Promise<void> {
    let seen = { renewTime: '', at: 0 };
    for (;;) {
      const lease = await this.readLease();
      const { holderIdentity = '', renewTime = '' } = lease?.spec ?? {};
      // By our own clock: the other's may go wrong.
      if (seen.renewTime !== renewTime) seen = { renewTime, at: performance.now() };
      const isFree = holderIdentity === '' || isDead(holderIdentity);
      const isExpired = performance.now() - seen.at > LEASE_SECONDS * 1000;
      if (isFree || isExpired) {
        if (await this.writeLease(lease)) {
          if (!isFree) await pause(2 * RENEW_MS);
          return;
        }
      } else {
        this.say(`node ${this.node} is held by ${holderIdentity}`);
      }
      await pause(1_000);
    }
  }

  /** Keeps the lease, and says when somebody else has it: then no pod may go on here. */
  keep(lost: () => void): void {
    const renew = async () => {
      try {
        const lease = await this.readLease();
        if (lease?.spec.holderIdentity && lease.spec.holderIdentity !== this.holder) return lost();
        await this.writeLease(lease);
        await this.writeStatus(true);
      } catch (error) {
        this.say(`the lease was not renewed: ${(error as Error).message}`);
      }
      this.timer = setTimeout(() => void renew(), RENEW_MS);
    };
    this.timer = setTimeout(() => void renew(), RENEW_MS);
  }

  async register(): Promise<void> {
    const body = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: this.node,
        labels: {
          'kubernetes.io/hostname': this.node,
          'kubernetes.io/os': 'linux',
          'kubernetes.io/arch': process.arch === 'x64' ? 'amd64' : process.arch,
        },
      },
      spec: {},
    };
    await this.client.text('POST', '/api/v1/nodes', { body }).catch((error) => {
      if (!(error instanceof ApiError && error.status === 409)) throw error;
    });
    await this.writeStatus(true);
    // The controller manager marks a new node until it has seen it Ready; without a scheduler, that is for us to wait for.
    await this.client.text('PATCH', `/api/v1/nodes/${this.node}`, { patch: 'merge', body: { spec: { taints: null } } });
  }

  /** Gives the node back at the end. */
  async leave(): Promise<void> {
    clearTimeout(this.timer);
    try {
      await this.writeStatus(false);
      const lease = await this.readLease();
      if (lease?.spec.holderIdentity === this.holder) await this.writeLease(lease, '');
    } catch (error) {
      this.say(`the node was not given back: ${(error as Error).message}`);
    }
  }

  private async writeStatus(isReady: boolean): Promise<void> {
    const now = new Date().toISOString();
    const condition = (type: string, status: string, reason: string) => ({
      type,
      status,
      reason,
      lastHeartbeatTime: now,
    });
    const resources = {
      cpu: String(cpus().length * GENEROSITY),
      memory: `${Math.floor(totalmem() / 1024) * GENEROSITY}Ki`,
      pods: String(PODS),
      'ephemeral-storage': '1Ti',
    };
    const status = {
      capacity: resources,
      allocatable: resources,
      addresses: [
        { type: 'InternalIP', address: HOST_IP },
        { type: 'Hostname', address: hostname() },
      ],
      conditions: [
        condition('Ready', isReady ? 'True' : 'False', isReady ? 'AgentReady' : 'AgentStopped'),
        condition('MemoryPressure', 'False', 'NotWatched'),
        condition('DiskPressure', 'False', 'NotWatched'),
        condition('PIDPressure', 'False', 'NotWatched'),
      ],
      nodeInfo: {
        architecture: process.arch === 'x64' ? 'amd64' : process.arch,
        operatingSystem: 'linux',
        osImage: 'processes of this machine',
        kernelVersion: process.version,
        kubeletVersion: KUBERNETES_VERSION,
        kubeProxyVersion: KUBERNETES_VERSION,
        containerRuntimeVersion: `biplane-node-agent://${process.version}`,
        machineID: this.node,
        systemUUID: this.node,
        bootID: this.holder,
      },
    };
    const path = `/api/v1/nodes/${this.node}/status`;
    await this.client.text('PATCH', path, { patch: 'strategic-merge', body: { status } });
  }

  private async readLease(): Promise<Lease | null> {
    try {
      return await this.client.json<Lease>('GET', `${this.leasePath}/${this.node}`);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  /** False when somebody was quicker: the version that was read must still be the newest. */
  private async writeLease(known: Lease | null, holderIdentity = this.holder): Promise<boolean> {
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: this.node, namespace: 'kube-node-lease', ...known?.metadata },
      spec: {
        holderIdentity,
        leaseDurationSeconds: LEASE_SECONDS,
        renewTime: new Date().toISOString().replace('Z', '000Z'),
      },
    };
    try {
      if (known) await this.client.text('PUT', `${this.leasePath}/${this.node}`, { body });
      else await this.client.text('POST', this.leasePath, { body });
      return true;
    } catch (error) {
      if (error instanceof ApiError && (error.status === 409 || error.status === 404)) return false;
      throw error;
    }
  }
}

/** Names this process among all of this machine, so that the next one can see whether it still runs. */
export function holderName(): string {
  return [hostname(), process.pid, identify(process.pid)?.startedAt ?? ''].join('/');
}

/** A holder on this machine whose process is gone cannot come back; of others nothing is known. */
function isDead(holder: string): boolean {
  const [host, pid, startedAt = ''] = holder.split('/');
  return host === hostname() && !isAlive({ pid: Number(pid), startedAt });
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
