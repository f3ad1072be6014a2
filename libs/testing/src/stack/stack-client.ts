import { writeFileSync } from 'node:fs';
import { requiredVariable } from '../test-environment.js';
import { ServiceClient } from './service-client.js';
import { StackControl } from './stack-control.js';
import { readStackFile, type StackFile } from './stack-file.js';

/** The ports on which every pod of a dedicated home listens. */
const [OWN_PORT, OWN_INTERNAL_PORT] = [8080, 8081];

/** A dedicated home as its region's clients speak to it: with the credentials for the region's pool, at an address of its own. */
export interface OwnHome {
  /** Its public port. */
  readonly url: string;
  readonly submitter: ServiceClient;
  /** Its internal port as an operator. */
  readonly gate: ServiceClient;
  /** Its public port as an operator. */
  readonly operator: ServiceClient;
}

/** The running stack for e2e suites: its services as any of its clients, its Clock, its processes. */
export class StackClient {
  private readonly opened = new Map<string, ServiceClient>();

  constructor(
    readonly stack: StackFile,
    readonly control: StackControl,
  ) {}

  static fromEnvironment(env: NodeJS.ProcessEnv = process.env): StackClient {
    return new StackClient(readStackFile(requiredVariable('STACK_FILE', env)), StackControl.fromEnvironment(env));
  }

  /** core-api as its administrator. */
  get core(): ServiceClient {
    return this.coreAs('admin');
  }

  coreAs(client: string): ServiceClient {
    return this.open(this.stack.coreApi, client);
  }

  /** tenant-api's public port of a region, as its usage submitter. */
  tenant(region: string, client = `submitter:${region}`): ServiceClient {
    return this.open(named(this.stack.tenantApi, region), client);
  }

  /** tenant-api's internal port: the gate. */
  internal(region: string, client = `operator:${region}`): ServiceClient {
    return this.open(named(this.stack.tenantApiInternal, region), client, named(this.stack.tenantApi, region));
  }

  /** The dedicated home of the region that listens at this address (`StackControl.homeAddresses`). */
  ownHome(region: string, address: string): OwnHome {
    const [url, internal] = [OWN_PORT, OWN_INTERNAL_PORT].map((port) => `http://${address}:${port}`) as [
      string,
      string,
    ];
    const operator = `operator:${region}`;
    return {
      url,
      submitter: this.open(url, `submitter:${region}`),
      gate: this.open(internal, operator, url),
      operator: this.open(url, operator),
    };
  }

  /** Moves the Clock of every process. They watch the file: await the effect. */
  moveClockTo(instant: string | Date): void {
    const offsetMs = new Date(instant).getTime() - Date.now();
    writeFileSync(this.stack.clock, `${JSON.stringify({ offsetMs })}\n`);
  }

  private open(baseUrl: string, client: string, tokenBaseUrl: string = baseUrl): ServiceClient {
    const key = `${baseUrl} ${client}`;
    const existing = this.opened.get(key);
    if (existing) return existing;
    const created = new ServiceClient(baseUrl, named(this.stack.clients, client), tokenBaseUrl);
    this.opened.set(key, created);
    return created;
  }
}

function named<T>(map: Readonly<Record<string, T>>, name: string): T {
  const value = map[name];
  if (value === undefined) throw new Error(`The stack knows ${Object.keys(map).join(', ')}, but no ${name}`);
  return value;
}
