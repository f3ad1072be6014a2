import { connect } from 'node:net';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { V1Container, V1HTTPGetAction, V1Probe } from '@kubernetes/client-node';

/** What a probe needs of the container that it asks. */
export interface Probed {
  readonly container: V1Container;
  readonly address: string;
  /** Runs a command in the container's environment; true for exit code 0. */
  run(command: readonly string[], timeoutMs: number): Promise<boolean>;
}

/** One try. A kind of probe that this node does not have never succeeds, so that nobody takes it for held. */
export async function probeOnce(probe: V1Probe, probed: Probed): Promise<boolean> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    if (probe.httpGet) return await httpGet(probe.httpGet, probed, timeoutMs);
    if (probe.exec) return await probed.run(probe.exec.command ?? [], timeoutMs);
    if (probe.tcpSocket) {
      return await canConnect(
        probe.tcpSocket.host ?? probed.address,
        portOf(probe.tcpSocket.port, probed.container),
        timeoutMs,
      );
    }
    return false;
  } catch {
    return false;
  }
}

/** A port by its number or by its name in the container. */
export function portOf(port: number | string, container: V1Container): number {
  if (typeof port === 'number') return port;
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  return named ?? Number(port);
}

export function httpGet(action: V1HTTPGetAction, probed: Probed, timeoutMs: number): Promise<boolean> {
  const isSecure = action.scheme === 'HTTPS';
  const send = isSecure ? httpsRequest : httpRequest;
  const host = action.host ?? probed.address;
  const port = portOf(action.port as number | string, probed.container);
  const headers = Object.fromEntries((action.httpHeaders ?? []).map(({ name, value }) => [name, value]));
  const url = `${isSecure ? 'https' : 'http'}://${host}:${port}${action.path ?? '/'}`;
  const options = { headers, agent: false as const, signal: AbortSignal.timeout(timeoutMs) };
  return new Promise((resolve) => {
    // A probe does not ask who signed the certificate.
    const sent = send(url, isSecure ? { ...options, rejectUnauthorized: false } : options, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 400);
    });
    sent.on('error', () => resolve(false));
    sent.end();
  });
}

function canConnect(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const end = (good: boolean) => {
      socket.destroy();
      resolve(good);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

const FIRST_TRIES_EVERY_MS = 500;

export type Verdict = 'succeeded' | 'failed';

/**
 * Asks again and again until it is stopped, and tells each change of verdict. Until the first success it asks more often
 * than the period says, but counts failures by the period: a pod is seen to be ready soon, and is given as long as ever.
 */
export class ProbeLoop {
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly probe: V1Probe,
    private readonly probed: Probed,
    private readonly tell: (verdict: Verdict) => void,
  ) {}

  start(): this {
    this.timer = setTimeout(() => void this.run(), (this.probe.initialDelaySeconds ?? 0) * 1000);
    return this;
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    const periodMs = (this.probe.periodSeconds ?? 10) * 1000;
    const failuresMax = this.probe.failureThreshold ?? 3;
    const successesMin = this.probe.successThreshold ?? 1;
    let failures = 0;
    let successes = 0;
    let hasSucceeded = false;
    let countedAt = -Infinity;
    while (!this.stopped) {
      const from = performance.now();
      const good = await probeOnce(this.probe, this.probed);
      if (this.stopped) return;
      if (good) {
        failures = 0;
        successes += 1;
        if (successes === successesMin) this.tell('succeeded');
        hasSucceeded ||= successes >= successesMin;
      } else {
        successes = 0;
        if (hasSucceeded || from - countedAt >= periodMs) {
          failures += 1;
          countedAt = from;
          if (failures === failuresMax) this.tell('failed');
        }
      }
      const everyMs = hasSucceeded ? periodMs : Math.min(periodMs, FIRST_TRIES_EVERY_MS);
      await new Promise<void>(
        (done) => (this.timer = setTimeout(done, Math.max(0, from + everyMs - performance.now()))),
      );
    }
  }
}
