import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { V1Container, V1KeyToPath, V1Pod, V1Volume, V1VolumeProjection } from '@kubernetes/client-node';
import { configMapValues, ConfigurationMissing, fieldOf, secretBytes, type References } from './environment.js';
import type { Mount } from './mounts.js';

/** What volumes may hold besides what an environment refers to. */
export interface VolumeReferences extends References {
  /** A token of the pod's service account. */
  token(audience: string | undefined, expirationSeconds: number): Promise<string>;
}

type Files = Record<string, string | Buffer>;

/** Writes a pod's volumes as folders under `folder`; the answer is the folder of each. */
export async function materializeVolumes(
  pod: V1Pod,
  folder: string,
  refer: VolumeReferences,
): Promise<Map<string, string>> {
  const folders = new Map<string, string>();
  for (const volume of pod.spec?.volumes ?? []) {
    const at = path.join(folder, 'volumes', volume.name);
    const files = await filesOf(volume, pod, refer);
    // An emptyDir lives as long as its pod; what the cluster holds is written anew at each start of it.
    if (files) await rm(at, { recursive: true, force: true });
    await mkdir(at, { recursive: true, mode: 0o700 });
    for (const [name, content] of Object.entries(files ?? {})) {
      const file = path.join(at, name);
      if (!file.startsWith(`${at}${path.sep}`)) throw new ConfigurationMissing(`the path ${name} leaves its volume`);
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(file, content, { mode: 0o600 });
    }
    folders.set(volume.name, at);
  }
  return folders;
}

export function mountsOf(container: V1Container, folders: ReadonlyMap<string, string>): Mount[] {
  return (container.volumeMounts ?? []).map(({ mountPath, name, subPath }) => {
    const folder = folders.get(name);
    if (folder === undefined) throw new ConfigurationMissing(`there is no volume ${name}`);
    return { mountPath, folder: subPath ? path.join(folder, subPath) : folder };
  });
}

/** Null for a folder that starts empty. */
async function filesOf(volume: V1Volume, pod: V1Pod, refer: VolumeReferences): Promise<Files | null> {
  const { emptyDir, configMap, secret, downwardAPI, projected } = volume;
  if (emptyDir) return null;
  if (configMap) return mapFiles(configMap.name ?? '', configMap.optional, configMap.items, refer);
  if (secret) return chosen(secretBytes(secret.secretName ?? '', secret.optional, refer), secret.items);
  if (downwardAPI) return downward(downwardAPI.items ?? [], pod, refer);
  if (projected) {
    const parts = await Promise.all((projected.sources ?? []).map((source) => projectedFiles(source, pod, refer)));
    return Object.assign({}, ...parts) as Files;
  }
  throw new ConfigurationMissing(`the volume ${volume.name} is of a kind that this node does not have`);
}

async function projectedFiles(source: V1VolumeProjection, pod: V1Pod, refer: VolumeReferences): Promise<Files> {
  const { serviceAccountToken, configMap, secret, downwardAPI } = source;
  if (serviceAccountToken) {
    const { audience, expirationSeconds, path: file } = serviceAccountToken;
    return { [file]: await refer.token(audience, expirationSeconds ?? 3600) };
  }
  if (configMap) return mapFiles(configMap.name ?? '', configMap.optional, configMap.items, refer);
  if (secret) return chosen(secretBytes(secret.name ?? '', secret.optional, refer), secret.items);
  if (downwardAPI) return downward(downwardAPI.items ?? [], pod, refer);
  throw new ConfigurationMissing('a projected volume has a source that this node does not have');
}

function mapFiles(
  name: string,
  optional: boolean | undefined,
  items: V1KeyToPath[] | undefined,
  refer: VolumeReferences,
): Files {
  const values: Files = { ...configMapValues(name, optional, refer) };
  for (const [key, value] of Object.entries(refer.configMap(name)?.binaryData ?? {})) {
    values[key] = Buffer.from(value, 'base64');
  }
  return chosen(values, items);
}

function chosen(values: Files, items: V1KeyToPath[] | undefined): Files {
  if (!items?.length) return values;
  const picked: Files = {};
  for (const { key, path: file } of items) {
    const value = values[key];
    if (value === undefined) throw new ConfigurationMissing(`references non-existent key: ${key}`);
    picked[file] = value;
  }
  return picked;
}

function downward(
  items: { path: string; fieldRef?: { fieldPath: string } }[],
  pod: V1Pod,
  refer: VolumeReferences,
): Files {
  return Object.fromEntries(
    items.map((item) => [item.path, item.fieldRef ? fieldOf(item.fieldRef.fieldPath, pod, refer) : '']),
  );
}
