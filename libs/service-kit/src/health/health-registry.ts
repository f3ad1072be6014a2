import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';

/** Resolves when all is well; rejects with the reason otherwise. */
export type HealthCheck = () => Promise<void> | void;

export interface HealthReport {
  readonly status: 'ok' | 'failing';
  readonly checks: Readonly<Record<string, 'ok' | 'failing'>>;
}

const CHECK_MS = 2_000;

/**
 * Liveness: would a restart help? (the process, its consumers; never the database or the broker.)
 * Readiness: may requests come? False from the moment that the shutdown begins.
 */
@Injectable()
export class HealthRegistry implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Health');
  private readonly liveness = new Map<string, HealthCheck>();
  private readonly readiness = new Map<string, HealthCheck>();
  private readonly failing = new Set<string>();
  private stopping = false;

  addLiveness(name: string, check: HealthCheck): void {
    this.liveness.set(name, check);
  }

  addReadiness(name: string, check: HealthCheck): void {
    this.readiness.set(name, check);
  }

  beforeApplicationShutdown(): void {
    this.markStopping();
  }

  /** Called first at shutdown, so that load balancers look elsewhere while requests in flight are finished. */
  markStopping(): void {
    this.stopping = true;
  }

  live(): Promise<HealthReport> {
    return this.report('live', this.liveness, {});
  }

  ready(): Promise<HealthReport> {
    return this.report('ready', this.readiness, this.stopping ? { shutdown: 'failing' } : {});
  }

  private async report(
    kind: string,
    checks: ReadonlyMap<string, HealthCheck>,
    fixed: Record<string, 'failing'>,
  ): Promise<HealthReport> {
    const entries = await Promise.all(
      [...checks].map(async ([name, check]) => [name, await this.passes(`${kind}:${name}`, check)] as const),
    );
    const results = { ...Object.fromEntries(entries), ...fixed };
    return { status: Object.values(results).every((result) => result === 'ok') ? 'ok' : 'failing', checks: results };
  }

  // The reason goes to the log once per change, not to whoever asks: health needs no token.
  private async passes(name: string, check: HealthCheck): Promise<'ok' | 'failing'> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${CHECK_MS} ms`)), CHECK_MS);
    });
    try {
      await Promise.race([(async () => check())(), deadline]);
      if (this.failing.delete(name)) this.logger.log({ check: name }, 'health check passes again');
      return 'ok';
    } catch (error) {
      if (!this.failing.has(name)) this.logger.warn({ check: name, err: error }, 'health check fails');
      this.failing.add(name);
      return 'failing';
    } finally {
      clearTimeout(timer);
    }
  }
}
