import { requiredVariable } from '../test-environment.js';

export type PartName = 'kafka' | 'postgres' | 'redis' | 'apiserver';
export type PartVerb = 'start' | 'stop' | 'kill' | 'restart';

export interface ServiceState {
  readonly name: string;
  readonly running: boolean;
  readonly pid: number | null;
  readonly url: string;
  readonly internalUrl?: string;
}

export interface StackState {
  readonly services: readonly ServiceState[];
  readonly kafka: { readonly running: boolean; readonly external: boolean };
  readonly postgres: { readonly running: boolean; readonly external: boolean };
  readonly redis: { readonly running: boolean; readonly external: boolean };
  /** Of a stack with a cluster. */
  readonly apiserver?: { readonly running: boolean; readonly external: boolean };
}

export interface StartOptions {
  /** For this start alone: `{ FAULT_POINTS: '…' }`. */
  readonly env?: Readonly<Record<string, string>>;
  /** False returns before `/health/ready` does: for a process that is meant to die. */
  readonly waitReady?: boolean;
}

/** Starting a service includes its readiness. */
const TIMEOUT_MS = 120_000;

/** Stops, kills and starts the processes of the stack through the launcher that holds them. */
export class StackControl {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  static fromEnvironment(env: NodeJS.ProcessEnv = process.env): StackControl {
    return new StackControl(requiredVariable('STACK_CONTROL_URL', env), requiredVariable('STACK_CONTROL_TOKEN', env));
  }

  async state(): Promise<StackState> {
    return (await this.call('GET', '/state')) as StackState;
  }

  /** The variables that the service is started with. */
  async environment(service: string): Promise<Record<string, string>> {
    return (await this.call('GET', `/services/${service}/environment`)) as Record<string, string>;
  }

  /** Where the ready pods of a dedicated home listen: its public port is 8080, its internal one 8081. */
  async homeAddresses(homeId: string): Promise<readonly string[]> {
    const answer = await this.call('GET', `/homes/t-${homeId.replaceAll('-', '')}`);
    return (answer as { addresses: string[] }).addresses;
  }

  async start(service: string, options: StartOptions = {}): Promise<ServiceState> {
    return (await this.call('POST', `/services/${service}/start`, options)) as ServiceState;
  }

  async restart(service: string, options: StartOptions = {}): Promise<ServiceState> {
    return (await this.call('POST', `/services/${service}/restart`, options)) as ServiceState;
  }

  /** One more process of the service, on ports of its own; its answer names it. */
  async replica(service: string, options: StartOptions = {}): Promise<ServiceState> {
    return (await this.call('POST', `/services/${service}/replica`, options)) as ServiceState;
  }

  /** SIGTERM, and waits for the end. */
  async stop(service: string): Promise<void> {
    await this.call('POST', `/services/${service}/stop`);
  }

  /** SIGKILL. */
  async kill(service: string): Promise<void> {
    await this.call('POST', `/services/${service}/kill`);
  }

  /** The ceremony for a further signing key: the body of `POST /licenses/keys`. */
  async newSigningKey(kid: string): Promise<{ readonly kid: string } & Readonly<Record<string, unknown>>> {
    return (await this.call('POST', `/keys/${kid}`)) as { kid: string };
  }

  async part(name: PartName, verb: PartVerb): Promise<void> {
    await this.call('POST', `/${name}/${verb}`);
  }

  private async call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} of the stack's control: ${response.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }
}
