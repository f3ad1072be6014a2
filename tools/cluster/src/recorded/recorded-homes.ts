import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import { hookOptions } from '../agent/names-hook.js';
import { Addresses } from '../pods/addresses.js';
import { KUBELET_BACK_OFF } from '../pods/back-off.js';
import type { ImageMap } from '../pods/images.js';
import { HOST_IP, PodRunner, type PodSurroundings } from '../pods/pod-runner.js';
import { RecordedFolder, type RecordedObjects } from './recorded-folder.js';
import { changesOf, podsOf } from './recorded-pods.js';

export interface RecordedOptions {
  /** Where the reconciler records. */
  readonly folder: string;
  /** Pods' own folders and logs. */
  readonly work: string;
  readonly root: string;
  readonly images: ImageMap;
}

interface Running {
  readonly runner: PodRunner;
  readonly deployment: string;
  isReady: boolean;
}

const LOOK_EVERY_MS = 300;
const LAST_GRACE_SECONDS = 5;

/** Runs the pods of recorded Deployments, as a cluster would, so that a laptop without one has dedicated homes too. */
export class RecordedHomes {
  private readonly running = new Map<string, Running>();
  private readonly ending = new Map<string, Promise<void>>();
  private readonly told = new Map<string, string>();
  private readonly source: RecordedFolder;
  private objects: RecordedObjects | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isOver = false;
  private looking: Promise<void> = Promise.resolve();

  private constructor(
    private readonly options: RecordedOptions,
    private readonly addresses: Addresses,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly say: (line: string) => void,
  ) {
    this.source = new RecordedFolder(options.folder);
  }

  static async start(
    options: RecordedOptions,
    environment: NodeJS.ProcessEnv,
    say: (line: string) => void,
  ): Promise<RecordedHomes> {
    for (const name of ['pods', 'logs']) await mkdir(path.join(options.work, name), { recursive: true, mode: 0o700 });
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    const homes = new RecordedHomes(options, await Addresses.open(environment), environment, say);
    homes.lookAgain();
    return homes;
  }

  async stop(): Promise<void> {
    this.isOver = true;
    clearTimeout(this.timer);
    await this.looking;
    await Promise.all([...this.running.values()].map(({ runner }) => runner.terminate(LAST_GRACE_SECONDS)));
    await Promise.all(this.ending.values());
    await this.addresses.releaseAll();
  }

  private lookAgain(): void {
    if (this.isOver) return;
    this.looking = this.look().catch((error: Error) => this.say(error.message));
    void this.looking.then(() => {
      if (!this.isOver) this.timer = setTimeout(() => this.lookAgain(), LOOK_EVERY_MS);
    });
  }

  private async look(): Promise<void> {
    const { objects } = await this.source.read();
    this.objects = objects;
    const kept = new Set<string>();
    for (const { object: deployment } of objects.deployments) {
      const key = keyOf(deployment);
      kept.add(key);
      const own = [...this.running].filter(([, { deployment: of }]) => of === key);
      const { start, stop } = changesOf(podsOf(deployment), new Map(own));
      for (const uid of stop) this.end(uid);
      for (const pod of start) if (!this.ending.has(pod.metadata?.uid ?? '')) this.begin(pod, key);
    }
    for (const [uid, { deployment }] of this.running) if (!kept.has(deployment)) this.end(uid);
    await this.tell(objects);
  }

  private begin(pod: V1Pod, deployment: string): void {
    const uid = pod.metadata?.uid ?? '';
    this.say(`starting ${pod.metadata?.namespace}/${pod.metadata?.name}`);
    const around: PodSurroundings = {
      addresses: this.addresses,
      folder: this.options.work,
      root: this.options.root,
      images: this.options.images,
      backOff: KUBELET_BACK_OFF,
      environment: { PATH: this.environment['PATH'], TZ: 'UTC', ...hookOptions(this.options.work), ...this.marker() },
      references: (of, podIp) => Promise.resolve(this.references(of, podIp)),
      kubeconfig: () => null,
      changed: (status) => {
        const known = this.running.get(uid);
        if (known) known.isReady = (status.conditions ?? []).some(isReady);
      },
    };
    this.running.set(uid, { runner: new PodRunner(pod, around), deployment, isReady: false });
  }

  private end(uid: string): void {
    const known = this.running.get(uid);
    if (!known) return;
    this.running.delete(uid);
    this.say(`ending ${known.runner.pod.metadata?.namespace}/${known.runner.pod.metadata?.name}`);
    const ended = known.runner.terminate().finally(() => this.ending.delete(uid));
    this.ending.set(uid, ended);
  }

  private references(pod: V1Pod, podIp: string): Awaited<ReturnType<PodSurroundings['references']>> {
    const namespace = pod.metadata?.namespace ?? '';
    return {
      configMap: (name) => this.objects?.configMap(namespace, name) ?? null,
      secret: (name) => this.objects?.secret(namespace, name) ?? null,
      podIp,
      hostIp: HOST_IP,
      token: () => Promise.reject(new Error('there is no API server that makes tokens')),
    };
  }

  /** Beside each Deployment, how it fares: `deployment-<name>.status.json`, as its `status`, its pods, and of which text. */
  private async tell(objects: RecordedObjects): Promise<void> {
    for (const { object: deployment, version } of objects.deployments) {
      const key = keyOf(deployment);
      const text = JSON.stringify({ version, ...this.fate(deployment, key) });
      if (this.told.get(key) === text) continue;
      const file = path.join(this.options.folder, statusFile(deployment));
      await writeFile(`${file}.new`, text, { mode: 0o600 });
      await rename(`${file}.new`, file);
      this.told.set(key, text);
    }
    for (const key of this.told.keys()) {
      if (objects.deployments.some(({ object }) => keyOf(object) === key)) continue;
      this.told.delete(key);
      const [namespace = '', name = ''] = key.split('/');
      const folder = path.join(this.options.folder, namespace);
      await rm(path.join(folder, `deployment-${name}.status.json`), { force: true });
      // A namespace of which nothing but its status was left is gone.
      if ((await readdir(folder).catch(() => ['kept'])).length === 0) await rm(folder, { recursive: true });
    }
  }

  private fate(deployment: V1Deployment, key: string): object {
    const pods = [...this.running.values()].filter((one) => one.deployment === key);
    const wanted = new Set(podsOf(deployment).map(({ metadata }) => metadata?.uid));
    const ready = pods.filter((one) => one.isReady).length;
    const updated = pods.filter(({ runner }) => wanted.has(runner.pod.metadata?.uid)).length;
    const isAvailable = ready >= wanted.size;
    const condition = { type: 'Available', status: isAvailable ? 'True' : 'False' };
    return {
      status: {
        replicas: pods.length,
        updatedReplicas: updated,
        readyReplicas: ready,
        availableReplicas: ready,
        unavailableReplicas: Math.max(0, wanted.size - ready),
        conditions: [{ ...condition, reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable' }],
      },
      pods: pods.map(({ runner, isReady: ready }) => ({
        name: runner.pod.metadata?.name,
        podIP: runner.address,
        ready,
        waiting: runner.status.containerStatuses?.map(({ state }) => state?.waiting?.reason).find(Boolean) ?? null,
      })),
    };
  }

  private marker(): NodeJS.ProcessEnv {
    const { BIPLANE_RUN_ID } = this.environment;
    return { BIPLANE_RUN_ID };
  }
}

function keyOf({ metadata }: V1Deployment): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}

function statusFile({ metadata }: V1Deployment): string {
  return path.join(metadata?.namespace ?? '', `deployment-${metadata?.name}.status.json`);
}

function isReady({ type, status }: { type: string; status: string }): boolean {
  return type === 'Ready' && status === 'True';
}
