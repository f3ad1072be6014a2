import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

/** The Prometheus registry of this process. Features make their own metrics with `registers: [metrics.registry]`. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  private readonly requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request line to the last byte of the answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.registry],
  });

  private readonly jobs = new Counter({
    name: 'job_runs_total',
    help: 'Runs of jobs by result',
    labelNames: ['job_name', 'result'],
    registers: [this.registry],
  });

  private readonly jobSeconds = new Counter({
    name: 'job_seconds_total',
    help: 'Time spent in jobs',
    labelNames: ['job_name'],
    registers: [this.registry],
  });

  /**
   * Memory, processor time, garbage collection and the event loop's lag, from now on. Once a process, and never in one that makes and
   * drops services, as suites do: what watches is never taken away, and keeps all that it belonged to.
   */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  /** `route` is the pattern, never the path: paths carry ids, and each would be a series. */
  observeRequest(method: string, route: string, status: number, seconds: number): void {
    this.requests.observe({ method, route, status: String(status) }, seconds);
  }

  /** The label is `job_name`: Prometheus gives every series a `job` of its own. */
  observeJob(job: string, result: string, seconds: number): void {
    this.jobs.inc({ job_name: job, result });
    this.jobSeconds.inc({ job_name: job }, seconds);
  }
}
