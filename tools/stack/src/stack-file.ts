import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ProcessIdentity } from './process-identity.js';
import { writeSecret, type ClientCredentials } from './secrets.js';

/** What `.biplane/stack.json` says of a running stack: for tests, the demo, and whoever looks around. */
export interface StackFile {
  coreApi: string;
  /** Region → address of the home that serves it. */
  tenantApi: Record<string, string>;
  tenantApiInternal: Record<string, string>;
  /** Region → HOME_ID. */
  homes: Record<string, string>;
  kafka: { brokers: string[]; users: Record<string, { username: string; password: string }> };
  postgres: string;
  redis: string;
  clients: Record<string, ClientCredentials>;
  /** Path of the CLOCK_FILE. */
  clock: string;
  control: { url: string; token: string };
  logs: string;
  /** The launcher that holds the stack. */
  launcher: ProcessIdentity;
}

export function stackFilePath(root: string): string {
  return path.join(root, '.biplane', 'stack.json');
}

export async function writeStackFile(file: string, content: StackFile): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeSecret(file, `${JSON.stringify(content, null, 2)}\n`);
}

export async function readStackFile(file: string): Promise<StackFile | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as StackFile;
  } catch {
    return null;
  }
}

export async function removeStackFile(file: string): Promise<void> {
  await rm(file, { force: true });
}
