import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { hourOf, type OpenPeriod, type Period } from '@biplane/billing-calendar';
import type { Clock } from '@biplane/kernel';
import { CLOCK, FieldCipher, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { Audit, jobActor } from '../audit/index.js';
import { DeploymentsService } from '../deployments/index.js';
import { TenantsService } from '../tenants/index.js';
import {
  KEEP_RUNNING_FLAG,
  NOT_LOOKED_AT,
  type DedicatedHome,
  type DesiredState,
  type HomeCondition,
} from './domain/home.js';
import { suspendedSince } from './domain/suspended-since.js';
import { HomeObservations, type ObservationListener } from './home-observations.js';
import { HomeStopsStore } from './home-stops.store.js';
import { HomesStore, type HomeChange, type StoredHome } from './homes.store.js';
import { ReconcileQueue } from './reconcile-queue.store.js';
import { tokenPlace } from './token-place.js';

const TOKEN_BYTES = 32;

export interface NewHome {
  readonly homeId: string;
  readonly deploymentId: string;
  readonly tenantId: string;
  readonly region: string;
  readonly epoch: number;
  readonly url: string;
}

/** Who may enroll as which home: stands in the license. */
export interface HomeEnrollment {
  readonly homeId: string;
  readonly tokenHash: string;
}

/** What a license says that stands in the annotations of its home. */
export interface LicensedHome {
  readonly status: string;
  readonly modules: readonly string[];
  readonly featureFlags: Readonly<Record<string, boolean>>;
}

/** Homes of their own, as they shall be. Whatever changes here is looked at by a reconciler, asked for in the same transaction. */
@Injectable()
export class DedicatedHomes {
  constructor(
    private readonly store: HomesStore,
    private readonly queue: ReconcileQueue,
    private readonly observations: HomeObservations,
    private readonly stops: HomeStopsStore,
    private readonly deployments: DeploymentsService,
    private readonly tenants: TenantsService,
    private readonly cipher: FieldCipher,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** With a token that is made here, once, and that only its cluster gets. */
  async create(tx: Tx, home: NewHome): Promise<void> {
    const deployment = await this.deployments.required(tx, home.deploymentId);
    const tenant = await this.tenants.required(tx, home.tenantId);
    const createdAt = this.clock.now();
    const token = Buffer.from(this.ids.random(TOKEN_BYTES)).toString('base64url');
    const sealed = {
      tokenEncrypted: this.cipher.encrypt(tokenPlace(home.homeId), token),
      tokenHash: createHash('sha256').update(token).digest('hex'),
    };
    const made = {
      ...home,
      ...{
        tenantSlug: tenant.slug,
        deploymentSlug: deployment.slug,
        desired: 'running' as const,
        modules: [],
        suspendedAt: null,
      },
      ...{ keptRunning: false, generation: 1, observedGeneration: 0, observedSettings: null, createdAt },
    };
    await this.store.insert(tx, made, sealed);
    await this.store.saveConditions(
      tx,
      home.homeId,
      NOT_LOOKED_AT.map((each) => ({ ...each, since: createdAt })),
    );
    await this.queue.enqueue(tx, home.homeId, home.region, 'created', createdAt);
    const { homeId, region, epoch } = home;
    await this.record(tx, 'home.created', { ...home, homeId }, { region, epoch });
  }

  /** Called when a feature starts: in core-api it gets everything that reconcilers saw, in the transaction that takes it in. */
  onObserved(listener: ObservationListener): void {
    this.observations.onObserved(listener);
  }

  /** `absent` is final; asking for what is asked already changes nothing. */
  async desire(tx: Tx, homeId: string, desired: DesiredState): Promise<void> {
    const home = await this.locked(tx, homeId);
    if (home.desired === desired) return;
    if (home.desired === 'absent') throw new Error(`Home ${homeId} shall be no more: make another`);
    await this.change(tx, home, { desired }, 'desired');
    await this.record(tx, 'home.desired', home, { desired });
  }

  /** A look at it, soon: for a retry, or because something is suspected. */
  async enqueue(tx: Tx, homeId: string, cause: string): Promise<void> {
    const home = await this.locked(tx, homeId);
    if (home.goneAt === null) await this.queue.enqueue(tx, homeId, home.region, cause, this.clock.now());
  }

  /** Of the home that the deployment has or moves to; null when it is wanted nowhere but in a pool. */
  async enrollmentOf(tx: Tx, deploymentId: string): Promise<HomeEnrollment | null> {
    const wanted = (await this.store.ofDeployment(tx, deploymentId)).find(({ desired }) => desired !== 'absent');
    return wanted && wanted.tokenHash !== null ? { homeId: wanted.homeId, tokenHash: wanted.tokenHash } : null;
  }

  /** What its newest license says, in the transaction that issues it. One that is no longer suspended runs again. */
  async licensed(tx: Tx, deploymentId: string, license: LicensedHome): Promise<void> {
    for (const { homeId } of await this.store.ofDeployment(tx, deploymentId)) {
      const home = await this.locked(tx, homeId);
      if (home.desired === 'absent') continue;
      const suspendedAt = license.status === 'suspended' ? await this.suspendedSince(tx, deploymentId) : null;
      const modules = [...license.modules].sort();
      const keptRunning = license.featureFlags[KEEP_RUNNING_FLAG] === true;
      const runsAgain = home.desired === 'stopped' && (suspendedAt === null || keptRunning);
      const isSame =
        home.suspendedAt?.getTime() === suspendedAt?.getTime() &&
        home.keptRunning === keptRunning &&
        home.modules.join() === modules.join();
      if (isSame && !runsAgain) continue;
      await this.change(
        tx,
        home,
        { modules, suspendedAt, keptRunning, ...(runsAgain && { desired: 'running' }) },
        'license',
      );
      if (runsAgain) await this.record(tx, 'home.desired', home, { desired: 'running' });
    }
  }

  /** Of a deployment's homes that are not gone, the newest first. */
  async ofDeployment(
    tx: Tx,
    deploymentId: string,
  ): Promise<readonly (DedicatedHome & { readonly conditions: readonly HomeCondition[] })[]> {
    const homes = await this.store.ofDeployment(tx, deploymentId);
    const conditions = await this.store.conditions(
      tx,
      homes.map(({ homeId }) => homeId),
    );
    return homes.map((home) => ({ ...withoutToken(home), conditions: conditions.get(home.homeId) ?? [] }));
  }

  /** Null for a home that was never made here: a pool's. */
  async find(tx: Tx, homeId: string): Promise<DedicatedHome | null> {
    const home = await this.store.find(tx, homeId);
    return home && withoutToken(home);
  }

  /** Whether it shall have no pod, and was seen without one. */
  async isAsleep(tx: Tx, homeId: string): Promise<boolean> {
    const home = await this.store.find(tx, homeId);
    if (home?.desired !== 'stopped') return false;
    const conditions = (await this.store.conditions(tx, [homeId])).get(homeId) ?? [];
    return conditions.some(({ type, reason }) => type === 'Available' && reason === 'STOPPED');
  }

  /** When a home had no pod, in any of the hours that the period touches. */
  async stopsDuring(
    tx: Tx,
    homeIds: readonly string[],
    period: Period,
  ): Promise<(homeId: string) => readonly OpenPeriod[]> {
    // Hours are whole also where a period ends within one.
    const hours = { from: hourOf(period.from).from, to: hourOf(new Date(period.to.getTime() - 1)).to };
    const stops = new Map<string, OpenPeriod[]>();
    for (const stop of await this.stops.during(tx, homeIds, hours)) {
      const ofHome = stops.get(stop.homeId);
      if (ofHome) ofHome.push(stop);
      else stops.set(stop.homeId, [stop]);
    }
    return (homeId) => stops.get(homeId) ?? [];
  }

  private async suspendedSince(tx: Tx, deploymentId: string): Promise<Date> {
    return suspendedSince(await this.deployments.events(tx, deploymentId)) ?? this.clock.now();
  }

  private async change(tx: Tx, home: StoredHome, change: HomeChange, cause: string): Promise<void> {
    const now = this.clock.now();
    await this.store.change(tx, home.homeId, change, now);
    await this.queue.enqueue(tx, home.homeId, home.region, cause, now);
  }

  private async locked(tx: Tx, homeId: string): Promise<StoredHome> {
    const home = await this.store.lock(tx, homeId);
    if (home) return home;
    throw new Error(`There is no dedicated home ${homeId}`);
  }

  private async record(
    tx: Tx,
    action: string,
    { homeId, tenantId, deploymentId }: NewHome | StoredHome,
    after: object,
  ): Promise<void> {
    await this.audit.record(tx, {
      actor: jobActor('homes'),
      action,
      object: { type: 'home', id: homeId },
      tenantId,
      after: { deploymentId, ...after },
    });
  }
}

function withoutToken({ tokenEncrypted: _, tokenHash: __, ...home }: StoredHome): DedicatedHome {
  return home;
}
