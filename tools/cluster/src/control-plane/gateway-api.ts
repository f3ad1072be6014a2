import { execFile } from 'node:child_process';
import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findCommand, openFolder } from '@biplane/stack';
import { parse } from 'yaml';
import { ApiClient } from '../api/client.js';
import { binariesFolder } from './binaries.js';
import { GO_IS_MISSING } from './go-build.js';
import { madeAside } from './made-aside.js';

const run = promisify(execFile);
/** Its version and its sums stand in go/gateway-api. */
const MODULE = 'sigs.k8s.io/gateway-api';
const FILE = 'gateway.networking.k8s.io_httproutes.yaml';
const FETCH_TIMEOUT_MS = 300_000;
const SERVED_TIMEOUT_MS = 30_000;
const API = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

interface Definition {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Lets a cluster serve HTTPRoutes as the Gateway API defines them; nobody carries them out. Repeating is harmless. */
export async function serveHttpRoutes(
  admin: ApiClient,
  environment: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<void> {
  const definition = parse(await readFile(await ensureDefinition(environment, say), 'utf8')) as Definition;
  const at = `${API}/${definition.metadata.name}`;
  await admin.text('PATCH', `${at}?fieldManager=biplane-cluster&force=true`, { patch: 'apply', body: definition });
  const giveUpAt = Date.now() + SERVED_TIMEOUT_MS;
  while (!isServed(await admin.json<Definition>('GET', at))) {
    if (Date.now() > giveUpAt) throw new Error(`${definition.metadata.name} is not served`);
    await pause(50);
  }
}

function isServed({ status }: Definition): boolean {
  return (status?.conditions ?? []).some(({ type, status: holds }) => type === 'Established' && holds === 'True');
}

/** From the published module, whose sum Go compares; once. */
async function ensureDefinition(environment: NodeJS.ProcessEnv, say: (line: string) => void): Promise<string> {
  const folder = await openFolder(binariesFolder(environment));
  const module = fileURLToPath(new URL('../../go/gateway-api', import.meta.url));
  const version = /gateway-api (v\S+)/.exec(await readFile(path.join(module, 'go.mod'), 'utf8'))?.[1];
  const file = path.join(folder, `httproutes-${version}.yaml`);
  if (await isThere(file)) return file;
  const go = findCommand('go', environment);
  if (!go) throw new Error(`The definition of HTTPRoute is missing. ${GO_IS_MISSING}`);
  say('fetching the definition of HTTPRoute, once');
  const { stdout } = await run(go, ['mod', 'download', '-json', MODULE], {
    cwd: module,
    env: environment,
    timeout: FETCH_TIMEOUT_MS,
  });
  const { Dir: published } = JSON.parse(stdout) as { Dir: string };
  return madeAside(file, (aside) => copyFile(path.join(published, 'config', 'crd', 'standard', FILE), aside));
}

function isThere(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}
