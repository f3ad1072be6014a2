import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, IDS, type Ids } from '@biplane/service-kit';
import {
  carryOut,
  ClusterError,
  plan,
  refText,
  type Action,
  type ClusterGateway,
  type ClusterSettings,
  type KubernetesObject,
  type WritingAction,
} from '../cluster/index.js';
import {
  objectsOf,
  WantedHomes,
  type Look,
  type ReconcileClaim,
  type SeenCondition,
  type WantedHome,
} from '../homes/index.js';
import { availability } from './domain/availability.js';
import { backOffMs, waitMs } from './domain/pauses.js';
import { refusedCondition } from './domain/refusals.js';
import { byText, deletedBy, seenAnnotations, seenObjects } from './seen-objects.js';
import { observeHome, podOf, workloadOf, type ObservedHome } from './cluster-reading.js';
import { HomeRemoval } from './home-removal.js';
import { Interrupted, Lease } from './lease.js';
import { LookAudit, type Done } from './look-audit.js';
import { Permissions } from './permissions.js';
import { ReconcilerMetrics } from './reconciler-metrics.js';
import { CLUSTER, hashOfSettings, RECONCILER_SETTINGS, type ReconcilerSettings } from './reconciler-settings.js';

/** A refusal, of the port or of an action that may not be carried out. */
interface Refused {
  readonly condition: SeenCondition;
}

/** Brings one home to what it shall be, as far as the cluster lets it, and writes down what the cluster returned. */
@Injectable()
export class HomeReconciler {
  private readonly logger = new Logger('Reconciler');

  constructor(
    private readonly homes: WantedHomes,
    private readonly removal: HomeRemoval,
    private readonly permissions: Permissions,
    private readonly audit: LookAudit,
    private readonly metrics: ReconcilerMetrics,
    @Inject(CLUSTER) private readonly gateway: ClusterGateway,
    @Inject(RECONCILER_SETTINGS) private readonly settings: ReconcilerSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async look(claim: ReconcileClaim, stopping: AbortSignal): Promise<void> {
    const home = await this.homes.find(claim.homeId);
    const lease = new Lease(this.homes, claim, this.clock, stopping);
    // Of a home that is gone a late hint may be left: what stands under its name now is the sweep's business.
    const isThere = home !== null && home.goneAt === null;
    const { look, done } = isThere ? await this.bring(home, claim, lease) : { look: NOTHING_LEFT, done: [] };
    faultPoint('reconcile.before_record');
    const isRecorded =
      !lease.isLost &&
      (await this.homes.record(claim, look, this.clock.now(), async (tx) => {
        if (home) await this.audit.record(tx, home, look, done);
      }));
    faultPoint('reconcile.after_record');
    this.metrics.looks.inc({
      result: !isRecorded ? 'lease_lost' : look.isFailure ? 'failed' : look.nextAt ? 'waiting' : 'settled',
    });
  }

  private async bring(home: WantedHome, claim: ReconcileClaim, lease: Lease): Promise<{ look: Look; done: Done[] }> {
    const done: Done[] = [];
    try {
      const isAbsent = home.desired === 'absent';
      const look = isAbsent ? await this.removal.look(home, lease, done) : await this.apply(home, lease, done);
      return { look: look.isFailure ? { ...look, nextAt: this.after(claim) } : look, done };
    } catch (error) {
      if (error instanceof Interrupted) return { look: { ...NOTHING_LEFT, nextAt: this.clock.now() }, done };
      if (!(error instanceof ClusterError)) this.logger.error({ err: error, homeId: home.homeId }, 'a look failed');
      const refusal = error instanceof ClusterError ? error : { reason: 'invalid', message: (error as Error).message };
      const type = home.desired === 'absent' ? 'Gone' : 'Applied';
      const conditions = [refusedCondition(type, refusal, this.permissions.missing)];
      return { look: { ...NOTHING_LEFT, conditions, isFailure: true, nextAt: this.after(claim) }, done };
    }
  }

  private async apply(home: WantedHome, lease: Lease, done: Done[]): Promise<Look> {
    const settings = this.settings.settingsOf.get(home.region);
    const token = await this.homes.enrollmentToken(home.homeId);
    if (!settings || token === null) throw new Error(`Home ${home.homeId} has no ${settings ? 'token' : 'settings'}`);
    const desired = objectsOf(home, token, this.settings.platform, settings);
    const observed = await observeHome(this.gateway, this.settings.platform, home.homeId, desired);
    const actions = plan(observed.objects, desired, home);
    const { refused, objects, reasons } = await this.carryOut(home, actions, settings, lease, done);
    const outcomes = { returned: byText(objects), refused: reasons, deleted: deletedBy(done) };
    const seen = { ...observed, objects: [...objects, ...observed.objects] };
    const isWaiting = actions.some((action) => action.do === 'wait');
    const look = this.lookOf(home, settings, seen, refused, isWaiting);
    return {
      ...look,
      objects: seenObjects(actions, observed.objects, outcomes),
      annotations: seenAnnotations(actions, observed.objects, outcomes),
    };
  }

  /** All that can be done is done, though some of it is refused: what is missing is added by the next look. */
  private async carryOut(
    home: WantedHome,
    actions: readonly Action[],
    settings: ClusterSettings,
    lease: Lease,
    done: Done[],
  ): Promise<{ refused: Refused | null; objects: KubernetesObject[]; reasons: Map<string, string> }> {
    const objects: KubernetesObject[] = [];
    const reasons = new Map<string, string>();
    const foreign = actions.find((action) => action.do === 'refuse');
    let refused: Refused | null = foreign ? { condition: foreignCondition(foreign) } : null;
    const blocked = actions.find(
      ({ do: what, ref }) => ref.kind === 'Namespace' && (what === 'refuse' || what === 'wait'),
    );
    if (blocked) return { refused, objects, reasons };
    const isDrift = home.generation === home.observedGeneration && home.observedSettings === hashOfSettings(settings);
    for (const action of actions) {
      if (action.do !== 'create' && action.do !== 'repair' && action.do !== 'delete') continue;
      await lease.hold();
      try {
        const object = await this.write(action, isDrift, done);
        if (object) objects.push(object);
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        const condition = refusedCondition('Applied', error, this.permissions.missing);
        reasons.set(refText(action.ref), `${condition.reason}: ${condition.message}`.slice(0, 500));
        refused ??= {
          condition: { ...condition, message: `${refText(action.ref)}: ${condition.message}`.slice(0, 500) },
        };
        if (error.isTransient) break;
      }
    }
    return { refused, objects, reasons };
  }

  private async write(action: WritingAction, isDrift: boolean, done: Done[]): Promise<KubernetesObject | null> {
    faultPoint('reconcile.before_write');
    const outcome = await carryOut(this.gateway, action);
    faultPoint('reconcile.after_write');
    if (outcome.kind === 'refused') throw new ClusterError('conflict', outcome.reason);
    this.metrics.writes.inc({ do: action.do });
    if (isDrift) this.metrics.repairs.inc({ kind: action.ref.kind });
    const conflicts = outcome.kind === 'applied' ? outcome.conflicts : [];
    done.push({ action, isDrift, overruled: conflicts.map(({ manager }) => manager) });
    return outcome.kind === 'applied' ? outcome.object : null;
  }

  private lookOf(
    home: WantedHome,
    settings: ClusterSettings,
    seen: ObservedHome,
    refused: Refused | null,
    isWaiting: boolean,
  ): Omit<Look, 'objects' | 'annotations'> {
    const desired = home.desired === 'stopped' ? 'stopped' : 'running';
    const available = availability(desired, workloadOf(seen.objects), seen.pods.map(podOf));
    const waits: SeenCondition = { type: 'Applied', status: false, reason: 'TERMINATING', message: null };
    const isApplied: SeenCondition = { type: 'Applied', status: true, reason: 'APPLIED', message: null };
    const applied = refused?.condition ?? (isWaiting ? waits : isApplied);
    const isThere = desired === 'stopped' ? available.reason === 'STOPPED' : available.reason === 'AVAILABLE';
    const nextAt = applied.status && isThere ? null : this.later(home, available);
    return {
      applied: applied.status ? { generation: home.generation, settings: hashOfSettings(settings) } : null,
      conditions: [applied, available],
      isGone: false,
      isFailure: refused !== null,
      nextAt,
    };
  }

  private later(home: WantedHome, available: SeenCondition): Date {
    const now = this.clock.now();
    const known = home.conditions.find(({ type }) => type === 'Available');
    const lastedMs = known?.reason === available.reason ? now.getTime() - known.since.getTime() : 0;
    return new Date(now.getTime() + waitMs(lastedMs));
  }

  private after(claim: ReconcileClaim): Date {
    const random = (this.ids.random(1)[0] ?? 0) / 256;
    return new Date(this.clock.now().getTime() + backOffMs(claim.attempts, random));
  }
}

const NOTHING_LEFT: Look = {
  applied: null,
  conditions: [],
  objects: null,
  annotations: null,
  isGone: false,
  isFailure: false,
  nextAt: null,
};

function foreignCondition({ ref, reason }: Extract<Action, { do: 'refuse' }>): SeenCondition {
  const code = ref.kind === 'Namespace' ? 'FOREIGN_NAMESPACE' : 'FOREIGN_OBJECT';
  return { type: 'Applied', status: false, reason: code, message: `${refText(ref)} ${reason}` };
}
