import { existsSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { V1Container, V1Pod, V1PodStatus } from '@kubernetes/client-node';
import type { Addresses } from './addresses.js';
import type { BackOffRule } from './back-off.js';
import type { ProcessPlan } from './container-process.js';
import { ContainerRunner, NotYet, type ContainerSurroundings } from './container-runner.js';
import { expand, resolveEnvironment } from './environment.js';
import { imageOf, processOf, type ImageMap } from './images.js';
import { meantHere, type Mount } from './mounts.js';
import { podStatus } from './pod-status.js';
import { materializeVolumes, mountsOf, type VolumeReferences } from './volumes.js';

export const HOST_IP = '127.0.0.1';
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const GRACE_SECONDS = 30;
const ADDRESS_RETRY_MS = 1_000;

/** The machine and the cluster as a pod sees them. */
export interface PodSurroundings {
  readonly addresses: Addresses;
  /** Pods' own folders stand in it. */
  readonly folder: string;
  readonly root: string;
  readonly images: ImageMap;
  readonly backOff: BackOffRule;
  /** Variables that every process gets beneath those of its pod. */
  readonly environment: NodeJS.ProcessEnv;
  /** What the pod's environment and volumes refer to, read now. */
  references(pod: V1Pod, podIp: string): Promise<VolumeReferences>;
  /** A kubeconfig for the pod's service account token, or null where there is no API server. */
  kubeconfig(pod: V1Pod, tokenFile: string): string | null;
  changed(status: V1PodStatus): void;
}

/** Runs the containers of one pod as processes: init containers in order, then the others side by side. */
export class PodRunner {
  private readonly init: ContainerRunner[];
  private readonly containers: ContainerRunner[];
  private readonly startTime = new Date();
  private readonly folder: string;
  private podIp = '';
  private volumes: Promise<Map<string, string>> | undefined;
  private told: V1PodStatus | undefined;
  private ending: Promise<void> | undefined;
  private readonly running: Promise<void>;
  private deadline: NodeJS.Timeout | undefined;
  private isLate = false;

  constructor(
    readonly pod: V1Pod,
    private readonly around: PodSurroundings,
  ) {
    this.folder = path.join(around.folder, 'pods', pod.metadata?.uid ?? '');
    const policy = (pod.spec?.restartPolicy ?? 'Always') as ContainerSurroundings['restartPolicy'];
    const runner = (container: V1Container, restartPolicy: ContainerSurroundings['restartPolicy']) =>
      new ContainerRunner(container, this.surroundingsOf(restartPolicy), this.restartsSoFar(container));
    // An init container that ended well is done, whatever the pod's policy for the others is.
    this.init = (pod.spec?.initContainers ?? []).map((one) => runner(one, policy === 'Never' ? 'Never' : 'OnFailure'));
    this.containers = (pod.spec?.containers ?? []).map((one) => runner(one, policy));
    this.told = pod.status;
    this.running = this.run();
    this.running.catch(() => undefined); // only ever of a pod that ends
  }

  get address(): string {
    return this.podIp;
  }

  get status(): V1PodStatus {
    const facts = {
      podIp: this.podIp,
      hostIp: HOST_IP,
      startTime: this.startTime,
      init: this.init.map(({ facts: known }) => known),
      containers: this.containers.map(({ facts: known }) => known),
    };
    const status = podStatus(this.pod, facts, this.told, new Date());
    if (!this.isLate) return status;
    return { ...status, phase: 'Failed', reason: 'DeadlineExceeded', message: 'Pod was active longer than allowed' };
  }

  /** Ends every container within the grace period, then gives back what the pod had. A second call may only hurry. */
  terminate(graceSeconds = this.pod.spec?.terminationGracePeriodSeconds ?? GRACE_SECONDS): Promise<void> {
    if (this.ending && graceSeconds === 0) for (const one of this.all) one.kill();
    this.ending ??= this.end(graceSeconds * 1000);
    return this.ending;
  }

  private get all(): ContainerRunner[] {
    return [...this.init, ...this.containers];
  }

  private async run(): Promise<void> {
    this.podIp = await this.takeAddress();
    this.tell();
    this.startDeadline();
    for (const one of this.init) {
      const exitCode = await one.run();
      if (exitCode !== 0) return;
    }
    if (!this.ending) await Promise.all(this.containers.map((one) => one.run()));
  }

  /** Addresses come back as other pods end: without one, this pod waits. */
  private async takeAddress(): Promise<string> {
    for (;;) {
      try {
        return await this.around.addresses.take();
      } catch (error) {
        if (this.ending) throw error;
        await new Promise((done) => setTimeout(done, ADDRESS_RETRY_MS));
      }
    }
  }

  /** activeDeadlineSeconds: what takes longer is ended and has failed. */
  private startDeadline(): void {
    const seconds = this.pod.spec?.activeDeadlineSeconds;
    if (seconds === undefined) return;
    this.deadline = setTimeout(() => {
      this.isLate = true;
      this.tell();
      for (const one of this.all) void one.stop(GRACE_SECONDS * 1000);
    }, seconds * 1000);
    void Promise.allSettled([this.running]).then(() => clearTimeout(this.deadline));
  }

  private async end(graceMs: number): Promise<void> {
    clearTimeout(this.deadline);
    await Promise.all(this.all.map((one) => one.stop(graceMs)));
    await this.running.catch(() => undefined);
    this.tell();
    await this.around.addresses.release(this.podIp);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  private tell(): void {
    if (this.podIp === '') return;
    const status = this.status;
    this.told = status;
    this.around.changed(status);
  }

  /** A pod that an earlier agent ran goes on counting. */
  private restartsSoFar(container: V1Container): number {
    const known = [...(this.pod.status?.initContainerStatuses ?? []), ...(this.pod.status?.containerStatuses ?? [])];
    const before = known.find(({ name }) => name === container.name);
    if (!before) return 0;
    return before.state?.running || before.lastState?.terminated ? before.restartCount + 1 : before.restartCount;
  }

  private surroundingsOf(restartPolicy: ContainerSurroundings['restartPolicy']): ContainerSurroundings {
    const address = () => this.podIp;
    return {
      plan: (container) => this.plan(container),
      get address() {
        return address();
      },
      restartPolicy,
      graceMs: (this.pod.spec?.terminationGracePeriodSeconds ?? GRACE_SECONDS) * 1000,
      backOff: this.around.backOff,
      changed: () => this.tell(),
    };
  }

  /** What to start for a container: its words and its environment, with mounted paths as they are in truth. */
  private async plan(container: V1Container): Promise<ProcessPlan> {
    const image = imageOf(container.image ?? '', this.around.images);
    if (!image) throw new NotYet('ErrImagePull', `this node runs no image ${container.image}`);
    const refer = await this.around.references(this.pod, this.podIp);
    const mounts = mountsOf(container, await this.materialized(refer));
    const given = resolveEnvironment(container, this.pod, refer);
    const words = processOf(container, image, this.around.root, existsSync).map((word) =>
      meantHere(expand(word, given), mounts, isFile),
    );
    const own = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, meantHere(value, mounts, isFile)]),
    );
    const scratch = path.join(this.folder, 'tmp');
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    return {
      words,
      env: {
        ...this.around.environment,
        ...image.environment,
        // Where a process listens on every address, it would take the port from all other pods.
        HOST: this.podIp,
        HOME: this.folder,
        TMPDIR: mounts.find(({ mountPath }) => mountPath === '/tmp')?.folder ?? scratch,
        ...(await this.clusterAccess(mounts)),
        ...own,
        // Never of the pod's choosing: how its service names are answered, and whose process it is.
        BIPLANE_NAMESPACE: this.pod.metadata?.namespace,
        BIPLANE_POD: this.pod.metadata?.uid,
        NODE_OPTIONS: [this.around.environment['NODE_OPTIONS'], own['NODE_OPTIONS']].filter(Boolean).join(' '),
      },
      folder: this.around.root,
      logFile: path.join(
        this.around.folder,
        'logs',
        `${this.pod.metadata?.namespace}_${this.pod.metadata?.name}_${container.name}.log`,
      ),
    };
  }

  /** Once per pod: its containers share them. What was missing is looked for again. */
  private async materialized(refer: VolumeReferences): Promise<Map<string, string>> {
    this.volumes ??= materializeVolumes(this.pod, this.folder, refer);
    try {
      return await this.volumes;
    } catch (error) {
      this.volumes = undefined;
      throw error;
    }
  }

  /** Programs look for their token at a fixed path, which is not theirs here: they get it as a kubeconfig. */
  private async clusterAccess(mounts: readonly Mount[]): Promise<Record<string, string>> {
    const mount = mounts.find(({ mountPath }) => mountPath === SERVICE_ACCOUNT);
    const kubeconfig = mount && this.around.kubeconfig(this.pod, path.join(mount.folder, 'token'));
    if (!kubeconfig) return {};
    const file = path.join(this.folder, 'kubeconfig');
    await writeFile(file, kubeconfig, { mode: 0o600 });
    return { KUBECONFIG: file };
  }
}

const isFile = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
