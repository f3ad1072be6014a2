import { hostname } from 'node:os';

/** The name of this process among its replicas when INSTANCE_ID is unset: unique while it runs. */
export function defaultInstanceId(): string {
  const host = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return `${host.slice(0, 100) || 'host'}-${process.pid}`;
}
