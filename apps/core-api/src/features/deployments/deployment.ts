import type { DeploymentState } from './domain/deployment-state.js';
import type { DeploymentRequirements, DeploymentType } from './domain/deployment-type.js';
import type { TransitionCause } from './domain/transition-cause.js';

export interface Placement {
  readonly homeId: string;
  readonly homeUrl: string;
  /** Rises when the deployment's home changes. */
  readonly epoch: number;
  readonly from: Date;
  /** Null while it holds. */
  readonly to: Date | null;
}

export interface Deployment {
  readonly id: string;
  readonly tenantId: string;
  readonly slug: string;
  readonly displayName: string;
  readonly region: string;
  readonly type: DeploymentType;
  readonly reasons: readonly string[];
  readonly state: DeploymentState;
  /** Of the provisioning saga. */
  readonly phase: string;
  readonly createdAt: Date;
  readonly firstReadyAt: Date | null;
  /** Dunning does nothing by itself to this one. */
  readonly billingActionSuspended: boolean;
  /** Free words of whoever runs it. */
  readonly settings: Readonly<Record<string, SettingValue>>;
  readonly template: { readonly code: string; readonly version: number } | null;
  /** By epoch, the present one last. */
  readonly placements: readonly Placement[];
}

export type SettingValue = string | number | boolean | null;

export interface NewDeployment extends Omit<Deployment, 'firstReadyAt' | 'placements' | 'billingActionSuspended'> {
  readonly requirements: DeploymentRequirements;
  readonly home: { readonly homeId: string; readonly homeUrl: string };
}

/** Where a deployment is served from now on, and as what. */
export interface NextPlacement {
  readonly type: DeploymentType;
  readonly reasons: readonly string[];
  readonly homeId: string;
  readonly homeUrl: string;
  readonly epoch: number;
  readonly at: Date;
}

export interface DeploymentEvent {
  readonly from: DeploymentState | null;
  readonly to: DeploymentState;
  readonly actor: string;
  readonly reason: string;
  /** Null of the first, and of those that were recorded before it was kept. */
  readonly cause: TransitionCause | null;
  readonly at: Date;
}

/** The placement that holds: every deployment has one from its creation on. */
export function presentPlacement(deployment: Deployment): Placement {
  const present = deployment.placements.at(-1);
  if (!present) throw new Error(`Deployment ${deployment.id} has no placement`);
  return present;
}
