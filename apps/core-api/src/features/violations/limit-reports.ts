import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Tx } from '@biplane/service-kit';
import { DeploymentsService } from '../deployments/index.js';
import { LimitEvents, type RefusedLimitEvent, type ReportedLimitEvent } from '../usage/index.js';
import { limitEventFault } from './domain/judge-limit-event.js';
import { LIMIT_RULES } from './domain/violation.js';
import type { ViolationReport } from './violation.js';
import { ViolationsService } from './violations.service.js';

/** What the homes say of limits: each event that they may send is counted into its violation, in whatever order it comes. */
@Injectable()
export class LimitReports implements OnModuleInit {
  constructor(
    private readonly limitEvents: LimitEvents,
    private readonly deployments: DeploymentsService,
    private readonly violations: ViolationsService,
  ) {}

  onModuleInit(): void {
    this.limitEvents.onReport((tx, events, now) => this.take(tx, events, now));
  }

  async take(tx: Tx, events: readonly ReportedLimitEvent[], now: Date): Promise<readonly RefusedLimitEvent[]> {
    const deployments = await this.deployments.findMany(
      tx,
      events.map(({ event }) => event.deploymentId),
    );
    const refused: RefusedLimitEvent[] = [];
    const reports: ViolationReport[] = [];
    for (const said of events) {
      const { event } = said;
      const deployment = deployments.get(event.deploymentId);
      const fault = limitEventFault(event, said, deployment, now);
      if (fault !== null || deployment === undefined) refused.push({ event, reason: fault ?? 'DEPLOYMENT_UNKNOWN' });
      else reports.push(await this.reportOf(tx, event, deployment.tenantId));
    }
    // In one order, so that two consumers never wait on each other in a ring.
    reports.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
    for (const report of reports) await this.violations.take(tx, report);
    return refused;
  }

  private async reportOf(tx: Tx, event: ReportedLimitEvent['event'], tenantId: string): Promise<ViolationReport> {
    const { id, firstAt, lastAt, ...figures } = event;
    const at = new Date(firstAt);
    return {
      ...figures,
      reportId: id,
      tenantId,
      rule: LIMIT_RULES[event.kind],
      source: 'data',
      periodStart: await this.violations.periodStart(tx, event.deploymentId, at),
      firstAt: at,
      lastAt: new Date(lastAt),
    };
  }
}

function orderOf({ deploymentId, rule, module, meter, periodStart }: ViolationReport): string {
  return `${deploymentId}|${rule}|${module}|${meter}|${periodStart.toISOString()}`;
}
