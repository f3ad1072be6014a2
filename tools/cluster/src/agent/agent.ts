import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { V1Pod, V1Service } from '@kubernetes/client-node';
import { endProcesses, processesOfRun, RUN_MARKER } from '@biplane/stack';
import { ApiError, type ApiClient } from '../api/client.js';
import { clientOf } from '../api/kubeconfig.js';
import { Reflector } from '../api/reflector.js';
import { Addresses } from '../pods/addresses.js';
import { KUBELET_BACK_OFF } from '../pods/back-off.js';
import type { PodSurroundings } from '../pods/pod-runner.js';
import { BoundPod } from './bound-pod.js';
import { clusterReferences } from './cluster-references.js';
import { holderName, NodeRegistration } from './node.js';
import { agentReadyFile, type AgentOptions } from './options.js';
import { podKubeconfig } from './pod-kubeconfig.js';
import { ServiceProxies } from './service-proxies.js';
import { hookOptions } from './names-hook.js';

/** What an agent that is told to end gives its pods: the run's reaper gives it eight seconds. */
const LAST_GRACE_SECONDS = 5;
const BIND_RETRY_MS = 1_000;

/** One node: binds the pods that nobody has bound, and runs those that are its own as processes of this machine. */
export class NodeAgent {
  private readonly pods = new Map<string, BoundPod>();
  private readonly client: ApiClient;
  private readonly registration: NodeRegistration;
  private readonly reflectors: { start(): void; stop(): void; ready: Promise<void> }[] = [];
  private addresses: Addresses | undefined;
  private services: ServiceProxies | undefined;
  private isEnding = false;

  constructor(
    private readonly options: AgentOptions,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly say: (line: string) => void,
  ) {
    this.client = clientOf(options.kubeconfig);
    this.registration = new NodeRegistration(this.client, options.node, holderName(), say);
  }

  async start(lost: () => void): Promise<void> {
    const { folder } = this.options;
    for (const name of ['pods', 'logs']) await mkdir(path.join(folder, name), { recursive: true, mode: 0o700 });
    await this.registration.acquire();
    await this.endLeftovers();
    this.addresses = await Addresses.open(this.environment);
    await this.registration.register();
    this.registration.keep(lost);
    const pods = new Reflector<V1Pod>(this.client, '/api/v1/pods', (pod, gone) => this.onPod(pod, gone), this.say);
    this.services = new ServiceProxies(this.addresses, folder, () => pods.objects.values());
    const services = new Reflector<V1Service>(
      this.client,
      '/api/v1/services',
      (service, gone) => this.services?.onService(service, gone),
      this.say,
    );
    this.reflectors.push(services, pods);
    for (const reflector of this.reflectors) reflector.start();
    await Promise.all(this.reflectors.map(({ ready }) => ready));
    await agentReadyFile.write(folder);
    this.say(
      `node ${this.options.node} is Ready; pods' addresses are ${this.addresses.areAdded ? 'added' : 'loopback'}`,
    );
  }

  async stop(): Promise<void> {
    if (this.isEnding) return;
    this.isEnding = true;
    for (const reflector of this.reflectors) reflector.stop();
    await Promise.all([...this.pods.values()].map((pod) => pod.end(LAST_GRACE_SECONDS)));
    await this.services?.close();
    await this.addresses?.releaseAll();
    await this.registration.leave();
    this.client.close();
  }

  /** Somebody else has the node: nothing of ours may go on, and nobody is told how it ended. */
  async yieldNode(): Promise<void> {
    this.isEnding = true;
    for (const reflector of this.reflectors) reflector.stop();
    await Promise.all([...this.pods.values()].map((pod) => pod.end(0)));
    await this.addresses?.releaseAll();
  }

  private onPod(pod: V1Pod, isGone: boolean): void {
    if (this.isEnding) return;
    this.services?.onPod(pod);
    const uid = pod.metadata?.uid ?? '';
    const bound = this.pods.get(uid);
    if (isGone) {
      this.pods.delete(uid);
      void bound?.forget();
      return;
    }
    const isDeleting = pod.metadata?.deletionTimestamp !== undefined;
    if (!pod.spec?.nodeName) {
      if (!isDeleting && !pod.spec?.schedulingGates?.length) void this.bind(pod);
      return;
    }
    if (pod.spec.nodeName !== this.options.node) return;
    const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    const ours = bound ?? (isOver && !isDeleting ? null : this.take(pod, uid));
    if (isDeleting) ours?.remove(pod.metadata?.deletionGracePeriodSeconds ?? 0);
  }

  private take(pod: V1Pod, uid: string): BoundPod {
    const taken = new BoundPod(this.client, pod, this.surroundings(), this.say);
    this.pods.set(uid, taken);
    return taken;
  }

  /** A pod is bound once: of two agents that try, the API server lets one. */
  private async bind(pod: V1Pod): Promise<void> {
    const { namespace, name, uid } = pod.metadata ?? {};
    const target = { apiVersion: 'v1', kind: 'Node', name: this.options.node };
    const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace, uid }, target };
    try {
      await this.client.text('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, { body });
    } catch (error) {
      if (error instanceof ApiError && (error.status === 409 || error.status === 404)) return;
      this.say(`${namespace}/${name} was not bound: ${(error as Error).message}`);
      if (!this.isEnding) setTimeout(() => void this.bind(pod), BIND_RETRY_MS);
    }
  }

  private surroundings(): Omit<PodSurroundings, 'changed'> {
    if (!this.addresses) throw new Error('The agent has not started');
    const { folder, root, images, backOff = KUBELET_BACK_OFF, kubeconfig } = this.options;
    return {
      addresses: this.addresses,
      folder,
      root,
      images,
      backOff,
      environment: {
        PATH: this.environment['PATH'],
        TZ: 'UTC',
        [RUN_MARKER]: this.environment[RUN_MARKER],
        BIPLANE_NODE: this.options.node,
        ...hookOptions(folder),
      },
      references: (pod, podIp) => clusterReferences(this.client, pod, podIp),
      kubeconfig: (pod, tokenFile) => podKubeconfig(kubeconfig, pod, tokenFile),
    };
  }

  /** Processes of an agent that was killed: their pods are started anew, and must not run twice. */
  private async endLeftovers(): Promise<void> {
    const runId = this.environment[RUN_MARKER];
    if (!runId) return;
    const left = processesOfRun(runId, `BIPLANE_NODE=${this.options.node}`);
    await endProcesses(
      left.map((identity) => ({ identity, signal: 'SIGKILL' as const })),
      5_000,
    );
  }
}
