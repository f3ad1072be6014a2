import { createHash } from 'node:crypto';
import { canonicalJson } from '@biplane/kernel';
import type { ClusterSettings } from '../cluster/index.js';

/** What one reconciler process looks after, by its environment. */
export interface ReconcilerSettings {
  /** Which installation owns the objects: all that it lists, sweeps or deletes carries this label. */
  readonly platform: string;
  readonly regions: readonly string[];
  readonly settingsOf: ReadonlyMap<string, ClusterSettings>;
}

export const RECONCILER_SETTINGS = Symbol('RECONCILER_SETTINGS');

/** The port to the cluster: the only thing in the platform that holds its credentials. */
export const CLUSTER = Symbol('CLUSTER');

export function hashOfSettings(settings: ClusterSettings): string {
  return createHash('sha256').update(canonicalJson(settings)).digest('hex');
}
