import { randomUUID } from 'node:crypto';
import { ServiceClient, type Answer } from '@biplane/testing';
import { insist } from './expect.js';

/** What Acme sells to its own members; nothing of it is known to the platform. */
export const membership = { code: 'membership', name: 'Membership', monthly: '30.00', currency: 'USD' } as const;
export const timeZone = 'Australia/Brisbane';
/** The last day of March: the next periods begin on 30 April and 31 May. */
export const startsOn = '2026-03-31';

/** Under which Acme writes to its members. */
export const letterhead = {
  legalName: 'Acme Pty Ltd',
  address: ['12 Wharf Street', 'Brisbane QLD 4000'],
  taxId: 'ABN 51 824 753 556',
  contact: ['office@acme.example'],
  footer: 'Thank you for being a member.',
  locale: 'en-AU',
  timeZone,
};

const password = 'correct horse battery';

/** A person at the door of its tenant, wherever that is served: signs in again whenever its session is over. */
export class Person {
  private token: string | null = null;

  constructor(
    readonly name: string,
    readonly email: string,
    readonly deploymentId: string,
    private url: string,
  ) {}

  async acceptInvite(token: string): Promise<void> {
    const { email, name } = this;
    const { status, body } = await this.send('POST', '/public/invites/accept', { token, password, email, name });
    insist(status === 201, `${name} to be let in, got ${status}: ${JSON.stringify(body)}`);
    this.token = (body as { token: string }).token;
  }

  /** Its bytes. */
  async file(path: string): Promise<Buffer> {
    await this.expect(200, 'GET', '/public/me'); // signs in again if need be
    const response = await fetch(this.url + path, { headers: this.headers(), signal: AbortSignal.timeout(30_000) });
    insist(response.status === 200, `GET ${path} to answer 200, got ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }

  /** The tenant was moved. */
  goTo(url: string): void {
    this.url = url;
  }

  async expect<T>(status: number, method: string, path: string, body?: unknown): Promise<T> {
    let answer = await this.send(method, path, body);
    if (answer.status === 401) {
      await this.signIn();
      answer = await this.send(method, path, body);
    }
    const came = JSON.stringify(answer.body)?.slice(0, 1_000);
    insist(answer.status === status, `${method} ${path} to answer ${status}, got ${answer.status}: ${came}`);
    return answer.body as T;
  }

  /** The deployment in the middle of its token says where it belongs; the header says it for who has none yet. */
  private async signIn(): Promise<void> {
    this.token = null;
    const { status, body } = await this.send('POST', '/public/sessions', { email: this.email, password });
    insist(status === 201, `${this.name} to sign in, got ${status}: ${JSON.stringify(body)}`);
    this.token = (body as { token: string }).token;
  }

  private send(method: string, path: string, body?: unknown): Promise<Answer> {
    // A member is no client: its token, where it has one, is a header like the others.
    return new ServiceClient(this.url, null).send(method, path, body, {
      ...this.headers(),
      ...(method === 'POST' && { 'idempotency-key': randomUUID() }),
    });
  }

  private headers(): Record<string, string> {
    const named = { 'x-deployment-id': this.deploymentId };
    return this.token === null ? named : { ...named, authorization: `Bearer ${this.token}` };
  }
}

/** A member with its account, and what it is charged for. */
export interface Member {
  readonly person: Person;
  readonly accountId: string;
  readonly itemId: string;
}

export interface Run {
  readonly id: string;
  readonly state: string;
  readonly done: number;
  readonly skipped: number;
}

export const owedBy = async ({ person }: Member): Promise<string> => {
  const { data } = await person.expect<{ data: { balance: { amount: string } }[] }>(200, 'GET', '/public/me/balance');
  return data.map(({ balance }) => balance.amount).join(', ');
};
