import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, faultPoint } from '@biplane/service-kit';
import {
  carryOut,
  deploymentOf,
  plan,
  writesOf,
  type ClusterGateway,
  type KubernetesObject,
} from '../cluster/index.js';
import type { Look, SeenCondition, WantedHome } from '../homes/index.js';
import { conditionsOf, observeHome } from './cluster-reading.js';
import { waitMs } from './domain/pauses.js';
import { removalCondition, removalStep, type Remains } from './domain/removal.js';
import { deletedBy, seenObjects } from './seen-objects.js';
import type { Lease } from './lease.js';
import type { Done } from './look-audit.js';
import { ReconcilerMetrics } from './reconciler-metrics.js';
import { CLUSTER, RECONCILER_SETTINGS, type ReconcilerSettings } from './reconciler-settings.js';

const WORKLOAD_KINDS = ['Ingress', 'HTTPRoute', 'Deployment'];
const REMOVED: readonly SeenCondition[] = [
  { type: 'Applied', status: false, reason: 'REMOVED', message: null },
  { type: 'Available', status: false, reason: 'REMOVED', message: null },
];

/** Takes a home out of the cluster that shall be no more. */
@Injectable()
export class HomeRemoval {
  constructor(
    private readonly metrics: ReconcilerMetrics,
    @Inject(CLUSTER) private readonly gateway: ClusterGateway,
    @Inject(RECONCILER_SETTINGS) private readonly settings: ReconcilerSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async look(home: WantedHome, lease: Lease, done: Done[]): Promise<Look> {
    const observed = await observeHome(this.gateway, this.settings.platform, home.homeId, []);
    const namespace = observed.objects.find(({ kind }) => kind === 'Namespace');
    const isOurs = namespace !== undefined && deploymentOf(namespace) === home.deploymentId;
    const hasWorkload = observed.pods.length > 0 || observed.objects.some(({ kind }) => WORKLOAD_KINDS.includes(kind));
    const remains: Remains = { namespace: isOurs ? holdOf(namespace) : null, hasWorkload };
    const now = this.clock.now();
    const lastedMs = now.getTime() - (home.absentSince ?? now).getTime();
    const step = removalStep(remains, lastedMs);
    if (step === 'end_workload' || step === 'delete_namespace') {
      await this.delete(home, observed.objects, step === 'end_workload' ? WORKLOAD_KINDS : ['Namespace'], lease, done);
    }
    const isGone = step === 'gone';
    const outcomes = { returned: new Map(), refused: new Map(), deleted: deletedBy(done) };
    const left = isGone ? [] : seenObjects(plan(observed.objects, [], home), observed.objects, outcomes);
    return {
      applied: null,
      conditions: [removalCondition(step, remains, lastedMs), ...(isGone ? REMOVED : [])],
      objects: left,
      // What it was is told by now, and its end is told by its conditions.
      annotations: null,
      isGone,
      isFailure: false,
      nextAt: isGone ? null : new Date(now.getTime() + waitMs(lastedMs)),
    };
  }

  private async delete(
    home: WantedHome,
    objects: readonly KubernetesObject[],
    kinds: readonly string[],
    lease: Lease,
    done: Done[],
  ): Promise<void> {
    for (const action of writesOf(plan(objects, [], home))) {
      if (!kinds.includes(action.ref.kind)) continue;
      await lease.hold();
      faultPoint('reconcile.before_delete');
      await carryOut(this.gateway, action);
      faultPoint('reconcile.after_delete');
      this.metrics.writes.inc({ do: 'delete' });
      done.push({ action, isDrift: false, overruled: [] });
    }
  }
}

/** What keeps a namespace that is being deleted: its finalizers, and what the cluster says of those inside. */
function holdOf(namespace: KubernetesObject): Remains['namespace'] {
  const { deletionTimestamp, finalizers = [] } = namespace.metadata;
  const { conditions } = (namespace['status'] ?? {}) as { conditions?: unknown };
  const said = conditionsOf(conditions).filter(({ status, message }) => status === 'True' && message !== '');
  const heldBy = [...finalizers, ...said.map(({ message }) => message)].join('; ');
  return { isTerminating: deletionTimestamp !== undefined, heldBy };
}
