import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, UnitOfWork, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlansService } from '../catalog/index.js';
import { DeploymentsService, presentPlacement, Suspensions, type Deployment } from '../deployments/index.js';
import { DedicatedHomes } from '../homes/index.js';
import { EnforcedLicenses, type EnforcedLicense } from '../licenses/index.js';
import { PoliciesService, SubscriptionsService } from '../subscriptions/index.js';
import { clusterEvidence, type HomeEvidence } from './domain/cluster-evidence.js';
import { missingEvents, type Evidence, type KnownHistory, type Missing } from './domain/missing-events.js';

const CHUNK = 200;
const REASON = 'filled in from what its home reported';

export interface BackfillCounts {
  readonly tenantsExamined: number;
  readonly lifecycleInserted: number;
  readonly eventsInserted: number;
  readonly suspensionEventsInserted: number;
}

type Known = Pick<KnownHistory, 'events' | 'planModules'>;

interface Found {
  readonly deployment: Deployment;
  readonly missing: Missing;
}

/** Fills in what the histories of live deployments lack. It never changes what is there, nor what anybody may use. */
@Injectable()
export class Backfill {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly deployments: DeploymentsService,
    private readonly suspensions: Suspensions,
    private readonly subscriptions: SubscriptionsService,
    private readonly policies: PoliciesService,
    private readonly plans: PlansService,
    private readonly licenses: EnforcedLicenses,
    private readonly homes: DedicatedHomes,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Deployment by deployment, each in its own transaction: whoever is killed in it, or runs beside it, inserts nothing twice. */
  async run(isDryRun: boolean, actor: Actor): Promise<BackfillCounts> {
    const tenants = new Set<string>();
    const counts = { lifecycleInserted: 0, eventsInserted: 0, suspensionEventsInserted: 0 };
    let afterId: string | null = null;
    for (;;) {
      const chunk: Deployment[] = await this.deployments.list({}, afterId, CHUNK);
      for (const deployment of chunk.filter(({ state }) => state !== 'archived')) {
        tenants.add(deployment.tenantId);
        const seen = await this.find(this.unitOfWork.reader, deployment.id);
        const missing = isDryRun || isNothing(seen.missing) ? seen.missing : await this.fill(deployment.id, actor);
        counts.lifecycleInserted += missing.lifecycle.length;
        counts.eventsInserted += missing.switches.length;
        counts.suspensionEventsInserted += missing.suspensions.length;
      }
      if (chunk.length < CHUNK) return { tenantsExamined: tenants.size, ...counts };
      afterId = chunk.at(-1)!.id;
    }
  }

  private fill(id: string, actor: Actor): Promise<Missing> {
    return this.unitOfWork.run(async (tx) => {
      await this.deployments.lock(tx, id);
      const { deployment, missing } = await this.find(tx, id);
      if (isNothing(missing)) return missing;
      for (const event of [...missing.lifecycle, ...missing.suspensions]) {
        await this.deployments.fillEvent(tx, id, { ...event, actor: actor.id, reason: REASON, cause: null });
      }
      const stop = missing.suspensions.find(({ to }) => to === 'suspended');
      if (stop) await this.suspensions.fill(tx, id, stop.from ?? 'active', stop.at);
      for (const turn of missing.switches) await this.policies.fillModule(tx, id, { ...turn, actor: actor.id });
      await this.audit.record(tx, {
        actor,
        action: 'deployment.history_filled',
        object: { type: 'deployment', id },
        tenantId: deployment.tenantId,
        after: missing,
      });
      return missing;
    });
  }

  private async find(tx: Tx, id: string): Promise<Found> {
    const deployment = await this.deployments.required(tx, id);
    const { state, createdAt, firstReadyAt } = deployment;
    const [events, planModules] = [await this.deployments.events(tx, id), await this.planModules(tx, id)];
    const switches = (await this.policies.events(tx, id)).modules;
    const known = { state, createdAt, firstReadyAt, events, switches, planModules };
    const evidence = await this.evidence(tx, deployment, known);
    return { deployment, missing: missingEvents(known, evidence, this.clock.now()) };
  }

  private async planModules(tx: Tx, id: string): Promise<readonly string[]> {
    const subscription = await this.subscriptions.find(tx, id);
    if (!subscription) return [];
    const plan = await this.plans.publishedVersion(tx, subscription.planCode, subscription.planVersion);
    return plan.content.modules.map(({ module }) => module);
  }

  /** Null while nothing proves what its home has. */
  private async evidence(tx: Tx, deployment: Deployment, known: Known): Promise<Evidence | null> {
    const license = await this.licenses.of(tx, deployment);
    const seen = deployment.type === 'shared' ? ofLicense(license, known) : await this.ofCluster(tx, deployment, known);
    if (seen === null) return null;
    const { modules, suspendedAt } = seen;
    const withoutSince = new Map<string, Date>();
    for (const module of seen.without) {
      const since = await this.licenses.withoutSince(tx, deployment.id, module);
      if (since) withoutSince.set(module, since);
    }
    const worksSince = license?.statusSince ?? seen.worksSince ?? this.clock.now();
    return { modules, suspendedAt, worksSince, withoutSince };
  }

  /** By what the reconciler saw in the annotations of its namespace: nothing here asks a cluster. */
  private async ofCluster(tx: Tx, deployment: Deployment, known: Known): Promise<HomeEvidence | null> {
    const home = await this.homes.find(tx, presentPlacement(deployment).homeId);
    if (!home || home.desired === 'absent') return null;
    return clusterEvidence(home.annotations, home, {
      last: known.events.at(-1) ?? null,
      planModules: known.planModules,
    });
  }
}

/** By what the home of a pool reported to enforce. */
function ofLicense(license: EnforcedLicense | null, { planModules }: Known): HomeEvidence | null {
  if (license === null) return null;
  const { modules, status, statusSince } = license;
  const without = planModules.filter((module) => !modules.includes(module));
  return { modules, without, suspendedAt: status === 'suspended' ? statusSince : null, worksSince: null };
}

function isNothing({ lifecycle, suspensions, switches }: Missing): boolean {
  return lifecycle.length + suspensions.length + switches.length === 0;
}
