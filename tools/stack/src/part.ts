import type { ProcessGroup } from './managed-process.js';
import type { Ports } from './ports.js';

/** What every part of the stack needs to start. */
export interface PartContext {
  environment: NodeJS.ProcessEnv;
  cache: string;
  /** Data folders stand here; another user may traverse it. */
  dataFolder: string;
  /** Logs and configuration with passwords: ours alone. */
  privateFolder: string;
  group: ProcessGroup;
  ports: Ports;
  say: (line: string) => void;
  /** False for test runs that do not kill PostgreSQL: nothing must survive a crash there. */
  durable: boolean;
  /** Passwords of an earlier run over the same data, by name; filled in where missing. */
  passwords: Record<string, string>;
}

/** A server of the stack: ours to stop, kill and start again on the same port with the same data, or somebody else's. */
export interface Part {
  readonly name: 'postgres' | 'kafka' | 'redis' | 'apiserver';
  /** True when an address was given in the environment: then it is never stopped by us. */
  readonly external: boolean;
  readonly running: boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export class ExternalPart implements Part {
  readonly external = true;
  readonly running = true;
  constructor(
    readonly name: Part['name'],
    private readonly variable: string,
  ) {}

  start(): Promise<void> {
    return this.refuse('started');
  }
  stop(): Promise<void> {
    return this.refuse('stopped');
  }
  kill(): Promise<void> {
    return this.refuse('killed');
  }

  private refuse(what: string): Promise<never> {
    return Promise.reject(new Error(`${this.name} comes from ${this.variable}: it is not ours to be ${what}`));
  }
}
