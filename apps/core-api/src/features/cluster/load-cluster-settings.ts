import { readFileSync } from 'node:fs';
import { EnvironmentError } from '@biplane/service-kit';
import { parseClusterSettings, type ClusterSettingsByRegion } from './domain/parse-cluster-settings.js';

/** Reads CLUSTER_SETTINGS_FILE; throws with every mistake in it, so that the process does not start. */
export function loadClusterSettings(path: string): ClusterSettingsByRegion {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new EnvironmentError([`CLUSTER_SETTINGS_FILE can not be read: ${(error as NodeJS.ErrnoException).code}`]);
  }
  const settings = parseClusterSettings(text);
  if (!settings.ok) throw new EnvironmentError(settings.error.map((mistake) => `CLUSTER_SETTINGS_FILE: ${mistake}`));
  return settings.value;
}
