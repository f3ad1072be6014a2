import { readFileSync } from 'node:fs';
import type { ClientCredentials } from './service-client.js';

/** What the launcher writes of a running stack: the one thing that tests and demo know of it. */
export interface StackFile {
  readonly coreApi: string;
  /** Region → address of the home that serves it. */
  readonly tenantApi: Readonly<Record<string, string>>;
  readonly tenantApiInternal: Readonly<Record<string, string>>;
  readonly homes: Readonly<Record<string, string>>;
  readonly kafka: {
    readonly brokers: readonly string[];
    readonly users: Readonly<Record<string, { readonly username: string; readonly password: string }>>;
  };
  readonly postgres: string;
  readonly redis: string;
  readonly clients: Readonly<Record<string, ClientCredentials>>;
  /** Path of the CLOCK_FILE. */
  readonly clock: string;
  readonly logs: string;
}

export function readStackFile(path: string): StackFile {
  return JSON.parse(readFileSync(path, 'utf8')) as StackFile;
}
