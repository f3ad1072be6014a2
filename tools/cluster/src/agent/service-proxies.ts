import { rename, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import type { V1Pod, V1Service, V1ServicePort } from '@kubernetes/client-node';
import type { Addresses } from '../pods/addresses.js';
import { isPodReady } from '../pods/pod-status.js';
import { portOf } from '../pods/probe.js';
import { NAMES_FILE } from './names-hook.js';

interface Proxied {
  service: V1Service;
  address: string;
  servers: Server[];
}

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Makes `http://<service>.<namespace>.svc:<port>` work for the processes of pods: each service's address listens on its
 * ports and goes on to a ready pod. A service without pods has no address here.
 */
export class ServiceProxies {
  private readonly services = new Map<string, V1Service>();
  private readonly proxied = new Map<string, Proxied>();
  private queue: Promise<void> = Promise.resolve();
  private isClosed = false;

  constructor(
    private readonly addresses: Addresses,
    private readonly folder: string,
    private readonly pods: () => Iterable<V1Pod>,
  ) {}

  onService(service: V1Service, isGone: boolean): void {
    const uid = service.metadata?.uid ?? '';
    if (isGone) this.services.delete(uid);
    else this.services.set(uid, service);
    this.later(async () => {
      await this.close1(uid);
      if (!isGone && this.podsOf(service).length > 0) await this.open(uid, service);
      await this.writeNames();
    });
  }

  onPod(pod: V1Pod): void {
    for (const [uid, service] of this.services) {
      if (!selects(service, pod)) continue;
      const isHeadless = service.spec?.clusterIP === 'None';
      if (this.proxied.has(uid) && !isHeadless) continue;
      this.later(async () => {
        if (!this.proxied.has(uid)) await this.open(uid, service);
        await this.writeNames();
      });
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.queue;
    for (const uid of [...this.proxied.keys()]) await this.close1(uid);
  }

  /** One change after another: a service that comes and goes quickly ends as it was told last. */
  private later(work: () => Promise<void>): void {
    this.queue = this.queue.then(() => (this.isClosed ? undefined : work())).catch(() => undefined);
  }

  private async open(uid: string, service: V1Service): Promise<void> {
    const clusterIp = service.spec?.clusterIP;
    if (!clusterIp || clusterIp === 'None') return;
    const address = this.addresses.areAdded ? clusterIp : await this.addresses.take();
    // Of two agents on one machine the first answers for both: it sees the same pods.
    if (this.addresses.areAdded && !(await this.addresses.claim(address))) {
      this.proxied.set(uid, { service, address, servers: [] });
      return;
    }
    const servers: Server[] = [];
    for (const port of service.spec?.ports ?? []) {
      if ((port.protocol ?? 'TCP') !== 'TCP') continue;
      const server = createServer((socket) => this.forward(socket, service, port));
      await new Promise<void>((resolve) => {
        server.once('error', () => resolve()); // a port that we may not take: the name still answers
        server.listen(port.port, address, resolve);
      });
      servers.push(server);
    }
    this.proxied.set(uid, { service, address, servers });
  }

  private async close1(uid: string): Promise<void> {
    const known = this.proxied.get(uid);
    if (!known) return;
    this.proxied.delete(uid);
    for (const server of known.servers) server.close();
    await this.addresses.release(known.address);
  }

  private forward(socket: Socket, service: V1Service, port: V1ServicePort): void {
    const ready = this.podsOf(service).filter(isPodReady);
    const pod = ready[Math.floor(Math.random() * ready.length)];
    const container = pod?.spec?.containers.find(
      ({ ports }) => typeof port.targetPort !== 'string' || ports?.some(({ name }) => name === port.targetPort),
    );
    if (!pod?.status?.podIP || !container) return void socket.destroy();
    const to = connect({
      host: pod.status.podIP,
      port: portOf((port.targetPort ?? port.port) as number | string, container),
      timeout: CONNECT_TIMEOUT_MS,
    });
    to.once('connect', () => to.setTimeout(0));
    to.once('timeout', () => to.destroy());
    for (const [one, other] of [
      [socket, to],
      [to, socket],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  }

  private podsOf(service: V1Service): V1Pod[] {
    return [...this.pods()].filter((pod) => selects(service, pod));
  }

  /** Renamed into place: a process that reads it meanwhile sees the old names or the new, never half of them. */
  private async writeNames(): Promise<void> {
    const names: Record<string, string[]> = {};
    for (const [uid, service] of this.services) {
      const name = `${service.metadata?.name}.${service.metadata?.namespace}`;
      const proxied = this.proxied.get(uid);
      if (proxied) names[name] = [proxied.address];
      else if (service.spec?.clusterIP === 'None') {
        const addresses = this.podsOf(service).filter(isPodReady);
        names[name] = addresses.flatMap(({ status }) => (status?.podIP ? [status.podIP] : []));
      }
    }
    const file = path.join(this.folder, NAMES_FILE);
    await writeFile(`${file}.new`, JSON.stringify(names), { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
}

function selects(service: V1Service, pod: V1Pod): boolean {
  const selector = Object.entries(service.spec?.selector ?? {});
  return (
    selector.length > 0 &&
    service.metadata?.namespace === pod.metadata?.namespace &&
    selector.every(([label, value]) => pod.metadata?.labels?.[label] === value)
  );
}
