import { requiredVariable, StackClient, type ServiceClient, type StackControl, type StackFile } from '@biplane/testing';
import { StackClock } from './clock.js';
import { Databases } from './databases.js';
import { Services } from './services.js';

/** The region whose home every stack runs. */
export const REGION = 'eu-1';
/** A region with topics and users, but without a home: the other side of the wall. */
export const OTHER_REGION = 'us-1';

export const CORE = 'core-api';
export const HOME = `tenant-api-${REGION}`;

/** The running stack as a suite uses it. */
export class E2eStack {
  readonly file: StackFile;
  readonly control: StackControl;
  readonly clock: StackClock;
  readonly databases: Databases;
  readonly services: Services;

  private constructor(readonly client: StackClient) {
    this.file = client.stack;
    this.control = client.control;
    this.clock = new StackClock(this.file.clock, client.control);
    this.databases = new Databases(this.file.postgres, this.homeId);
    this.services = new Services(client.control);
  }

  static open(): E2eStack {
    return new E2eStack(StackClient.fromEnvironment());
  }

  /** core-api as its administrator. */
  get core(): ServiceClient {
    return this.client.core;
  }

  /** tenant-api's public port as the submitter of its region. */
  get submitter(): ServiceClient {
    return this.client.tenant(REGION);
  }

  /** tenant-api's internal port as a tenant service beside it. */
  get gate(): ServiceClient {
    return this.client.internal(REGION);
  }

  get homeId(): string {
    const homeId = this.file.homes[REGION];
    if (homeId === undefined) throw new Error(`The stack runs no home in ${REGION}`);
    return homeId;
  }
}

/** Longer runs, more repeats: what the failure catalog counts for a soak. */
export const SOAK = process.env['SOAK'] === '1';

/** Only the launcher can start these suites: they stop and start what it holds. */
export function stackIsGiven(): string {
  return requiredVariable('STACK_CONTROL_URL');
}
