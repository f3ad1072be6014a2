import type { V1Container, V1ContainerState } from '@kubernetes/client-node';
import { BackOff, type BackOffRule } from './back-off.js';
import { ContainerProcess, tailOf, type ContainerEnd, type ProcessPlan } from './container-process.js';
import { ConfigurationMissing } from './environment.js';
import type { ContainerFacts } from './pod-status.js';
import { httpGet, ProbeLoop, type Probed, type Verdict } from './probe.js';

/** Why a container is not started now, and is tried again. */
export class NotYet extends Error {
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

export interface ContainerSurroundings {
  /** Resolves what to start; ConfigurationMissing or NotYet when it cannot be started now. */
  plan(container: V1Container): Promise<ProcessPlan>;
  readonly address: string;
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
  readonly graceMs: number;
  readonly backOff: BackOffRule;
  /** A change that the pod's status should tell. */
  changed(): void;
}

const RETRY_MS = 1_000;
const RETRY_MAX_MS = 10_000;
/** What the kubelet grants after a hook that used up the grace period. */
const LEAST_GRACE_MS = 2_000;

/** Keeps one container of a pod running as its pod says, and knows what became of it. */
export class ContainerRunner {
  private process: ContainerProcess | undefined;
  private logFile = '';
  private state: V1ContainerState = { waiting: { reason: 'ContainerCreating' } };
  private lastState: V1ContainerState | undefined;
  private started = false;
  private ready = false;
  private loops: ProbeLoop[] = [];
  private stopping: Promise<void> | undefined;
  private wake: (() => void) | undefined;
  private readonly backOff: BackOff;

  constructor(
    readonly container: V1Container,
    private readonly around: ContainerSurroundings,
    private restarts: number,
  ) {
    this.backOff = new BackOff(around.backOff);
  }

  get facts(): ContainerFacts {
    return {
      name: this.container.name,
      image: this.container.image ?? '',
      restartCount: this.restarts,
      started: this.started,
      ready: this.ready,
      state: this.state,
      lastState: this.lastState,
    };
  }

  /** Runs it, again and again where the restart policy says so; resolves with the last exit code when it is over. */
  async run(): Promise<number> {
    while (!this.stopping) {
      const begun = await this.begun();
      if (!begun) break;
      const end = await this.runOnce(begun.plan, begun.process);
      const again =
        this.around.restartPolicy === 'Always' || (this.around.restartPolicy === 'OnFailure' && end.exitCode !== 0);
      if (this.stopping || !again) return end.exitCode;
      const waitMs = this.backOff.afterEnd(end.ranMs);
      if (waitMs > 0) {
        this.lastState = this.state;
        this.state = {
          waiting: {
            reason: 'CrashLoopBackOff',
            message: `back-off ${Math.round(waitMs / 1000)}s restarting failed container=${this.container.name}`,
          },
        };
        this.around.changed();
        await this.pause(waitMs);
      }
      this.restarts += 1;
    }
    return this.state.terminated?.exitCode ?? 137;
  }

  /** The preStop hook, SIGTERM, and SIGKILL when the grace period is over. */
  stop(graceMs: number): Promise<void> {
    this.stopping ??= this.end(graceMs);
    this.wake?.();
    return this.stopping;
  }

  /** A shorter grace period than the one that runs, or none: what a forced deletion asks for. */
  kill(): void {
    this.process?.signal('SIGKILL');
  }

  /** Starts it as soon as what it needs is there; null when the pod ends before. */
  private async begun(): Promise<{ plan: ProcessPlan; process: ContainerProcess } | null> {
    for (let waitMs = RETRY_MS; !this.stopping; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
      try {
        const plan = await this.around.plan(this.container);
        return this.stopping ? null : { plan, process: new ContainerProcess(plan) };
      } catch (error) {
        const reason =
          error instanceof NotYet
            ? error.reason
            : error instanceof ConfigurationMissing
              ? 'CreateContainerConfigError'
              : 'CreateContainerError';
        this.waiting(reason, (error as Error).message);
        await this.pause(waitMs);
        // The kubelet says what it waits for in two words: that it failed, and that it holds back.
        if (reason === 'ErrImagePull')
          this.waiting('ImagePullBackOff', `Back-off pulling image "${this.container.image}"`);
      }
    }
    return null;
  }

  private async runOnce(plan: ProcessPlan, process: ContainerProcess): Promise<ContainerEnd> {
    if (this.state.terminated) this.lastState = this.state;
    this.process = process;
    this.logFile = plan.logFile;
    this.state = { running: { startedAt: process.startedAt } };
    this.started = !this.container.startupProbe;
    this.ready = this.started && !this.container.readinessProbe;
    this.startProbes(plan);
    this.around.changed();
    const end = await process.ended;
    this.stopProbes();
    this.process = undefined;
    this.started = false;
    this.ready = false;
    const says = end.exitCode !== 0 && this.container.terminationMessagePolicy === 'FallbackToLogsOnError';
    this.state = {
      terminated: {
        exitCode: end.exitCode,
        reason: end.exitCode === 0 ? 'Completed' : 'Error',
        startedAt: end.startedAt,
        finishedAt: end.finishedAt,
        ...(says ? { message: tailOf(this.logFile) } : {}),
      },
    };
    this.around.changed();
    return end;
  }

  private startProbes(plan: ProcessPlan): void {
    const { startupProbe } = this.container;
    if (!startupProbe) return this.startLaterProbes(plan);
    this.loop(startupProbe, plan, (verdict, loop) => {
      if (verdict === 'failed') return this.restart();
      loop.stop();
      this.started = true;
      this.ready = !this.container.readinessProbe;
      this.around.changed();
      this.startLaterProbes(plan);
    });
  }

  private startLaterProbes(plan: ProcessPlan): void {
    const { livenessProbe, readinessProbe } = this.container;
    if (livenessProbe) this.loop(livenessProbe, plan, (verdict) => (verdict === 'failed' ? this.restart() : undefined));
    if (!readinessProbe) return;
    this.loop(readinessProbe, plan, (verdict) => {
      this.ready = verdict === 'succeeded';
      this.around.changed();
    });
  }

  private loop(
    probe: NonNullable<V1Container['livenessProbe']>,
    plan: ProcessPlan,
    tell: (verdict: Verdict, loop: ProbeLoop) => void,
  ): void {
    const loop: ProbeLoop = new ProbeLoop(probe, this.probed(plan), (verdict) => tell(verdict, loop));
    this.loops.push(loop.start());
  }

  private stopProbes(): void {
    for (const loop of this.loops.splice(0)) loop.stop();
  }

  /** A probe failed too often: the container ends in order and its restart policy decides. */
  private restart(): void {
    this.stopProbes();
    const { process } = this;
    if (process) void this.endProcess(process, this.around.graceMs);
  }

  private async end(graceMs: number): Promise<void> {
    const { process } = this;
    if (process) await this.endProcess(process, graceMs);
  }

  private async endProcess(process: ContainerProcess, graceMs: number): Promise<void> {
    const from = performance.now();
    await Promise.race([this.preStop(graceMs), process.ended]);
    await process.stop(Math.max(LEAST_GRACE_MS, graceMs - (performance.now() - from)));
  }

  private async preStop(graceMs: number): Promise<void> {
    const hook = this.container.lifecycle?.preStop;
    if (!hook || graceMs <= 0) return;
    const plan = await this.around.plan(this.container).catch(() => null);
    if (hook.sleep) await this.slept(Math.min(hook.sleep.seconds * 1000, graceMs));
    else if (hook.exec && plan) await this.execute(hook.exec.command ?? [], plan, graceMs);
    else if (hook.httpGet && plan) await httpGet(hook.httpGet, this.probed(plan), graceMs).catch(() => false);
  }

  private probed(plan: ProcessPlan): Probed {
    return {
      container: this.container,
      address: this.around.address,
      run: (command, timeoutMs) => this.execute(command, plan, timeoutMs),
    };
  }

  /** A command beside the container's process, in its environment. */
  private async execute(command: readonly string[], plan: ProcessPlan, timeoutMs: number): Promise<boolean> {
    const [first = '', ...rest] = command;
    const words = /(^|\/)node$/.test(first) ? [globalThis.process.execPath, ...rest] : command;
    const beside = new ContainerProcess({ ...plan, words });
    const late = setTimeout(() => beside.signal('SIGKILL'), timeoutMs);
    const { exitCode } = await beside.ended;
    clearTimeout(late);
    return exitCode === 0;
  }

  private waiting(reason: string, message: string): void {
    this.state = { waiting: { reason, message } };
    this.around.changed();
  }

  private slept(ms: number): Promise<void> {
    return new Promise((done) => setTimeout(done, ms));
  }

  /** A wait that the end of the pod cuts short. */
  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
