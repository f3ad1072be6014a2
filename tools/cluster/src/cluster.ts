import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { writeFile } from 'node:fs/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { ExternalPart, type ManagedProcess, type Part } from '@biplane/stack';
import { clientOf } from './api/kubeconfig.js';
import { agentReadyFile, type AgentOptions } from './agent/options.js';
import { grantAgentRights } from './control-plane/agent-rights.js';
import { serveHttpRoutes } from './control-plane/gateway-api.js';
import { ControlPlane, type ControlPlaneContext } from './control-plane/control-plane.js';
import { isPodReady } from './pods/pod-status.js';
import { ourImages } from './pods/images.js';

const AGENT_START_TIMEOUT_MS = 60_000;
const AGENT_STOP_TIMEOUT_MS = 40_000;

export interface ClusterContext extends ControlPlaneContext {
  /** False for the control plane alone. */
  readonly withAgent?: boolean;
  readonly agent?: Partial<AgentOptions>;
  /** Serves HTTPRoutes too, as clusters with the Gateway API do; false without it. Of a cluster of KUBECONFIG its owner decides. */
  readonly withGatewayApi?: boolean;
}

export interface RunningCluster {
  /** Of an administrator. */
  readonly kubeconfig: string;
  /** One line that says which cluster this is. */
  readonly about: string;
  /** Of the pods that are ready in a namespace. */
  addressesIn(namespace: string): Promise<string[]>;
  /** To stop, kill and start alone. */
  readonly apiServer: Part;
  stop(): Promise<void>;
}

/** The cluster of KUBECONFIG, or a control plane of our own with a node that runs pods as processes of this machine. */
export async function startCluster(context: ClusterContext): Promise<RunningCluster> {
  const given = context.environment['KUBECONFIG'];
  if (given) return externalCluster(path.resolve(given));
  const plane = await ControlPlane.start(context);
  let agent: ManagedProcess | undefined;
  const stop = async () => {
    await agent?.stop(AGENT_STOP_TIMEOUT_MS);
    await plane.stop();
  };
  try {
    const kubeconfig = await plane.writeKubeconfig('admin');
    const admin = clientOf(kubeconfig);
    await grantAgentRights(admin);
    if (context.withGatewayApi) await serveHttpRoutes(admin, context.environment, context.say);
    admin.close();
    if (context.withAgent ?? true) agent = await startAgent(context, await plane.writeKubeconfig('biplane:node-agent'));
    const about = `our own control plane at ${plane.server}, ${agent ? 'with' : 'without'} the node agent`;
    const addressesIn = (namespace: string) => readyAddresses(kubeconfig, namespace);
    return { kubeconfig, about, addressesIn, apiServer: new ApiServerPart(plane), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts a node agent in a process of its own and waits until its node is Ready. */
export async function startAgent(context: ClusterContext, kubeconfig: string): Promise<ManagedProcess> {
  const node = context.agent?.node ?? 'biplane-1';
  const options: AgentOptions = {
    kubeconfig,
    node,
    folder: path.join(context.folder, `node-${node}`),
    root: context.root,
    images: ourImages,
    ...context.agent,
  };
  await agentReadyFile.remove(options.folder);
  const optionsFile = path.join(context.folder, `node-${node}.json`);
  await writeFile(optionsFile, JSON.stringify(options), { mode: 0o600 });
  const agent = context.group.spawn({
    name: `node-agent ${node}`,
    command: process.execPath,
    args: ['--enable-source-maps', builtFile('agent.main.js'), optionsFile],
    env: { PATH: context.environment['PATH'], HOME: context.folder },
    logFile: path.join(context.folder, '..', `node-agent-${node}.log`),
  });
  await agent.waitUntil('Ready', () => agentReadyFile.isThere(options.folder), AGENT_START_TIMEOUT_MS);
  return agent;
}

/** An entry file of this package as it was built, from source as from dist. */
export function builtFile(name: string): string {
  return fileURLToPath(new URL(`../dist/${name}`, import.meta.url));
}

async function externalCluster(kubeconfig: string): Promise<RunningCluster> {
  const client = clientOf(kubeconfig);
  try {
    const version = await client.json<{ gitVersion: string }>('GET', '/version');
    return {
      kubeconfig,
      about: `the cluster of KUBECONFIG (${version.gitVersion})`,
      addressesIn: (namespace) => readyAddresses(kubeconfig, namespace),
      apiServer: new ExternalPart('apiserver', 'KUBECONFIG'),
      stop: () => Promise.resolve(),
    };
  } finally {
    client.close();
  }
}

async function readyAddresses(kubeconfig: string, namespace: string): Promise<string[]> {
  const client = clientOf(kubeconfig);
  try {
    const { items } = await client.json<{ items: V1Pod[] }>('GET', `/api/v1/namespaces/${namespace}/pods`);
    return items.filter(isPodReady).flatMap(({ status }) => (status?.podIP ? [status.podIP] : []));
  } finally {
    client.close();
  }
}

class ApiServerPart implements Part {
  readonly name = 'apiserver';
  readonly external = false;
  constructor(private readonly plane: ControlPlane) {}

  get running(): boolean {
    return this.plane.apiServerIsRunning;
  }
  start(): Promise<void> {
    return this.plane.startApiServer();
  }
  stop(): Promise<void> {
    return this.plane.stopApiServer();
  }
  kill(): Promise<void> {
    return this.plane.killApiServer();
  }
}
