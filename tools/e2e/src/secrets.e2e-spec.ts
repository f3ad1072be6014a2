import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '@biplane/contracts';
import type { ServiceClient } from '@biplane/testing';
import { authorCatalog } from './support/catalog.js';
import { invariantsHold } from './support/invariants.js';
import { captureAll } from './support/kafka.js';
import { CORE, E2eStack, HOME, REGION } from './support/stack.js';
import { checkGate, createReadyTenant } from './support/tenants.js';
import { awaitHeld, submit, usageEvent, type UsageAnswer } from './support/usage.js';

const FILES_WITH_KEYS = ['TOKEN_KEY_FILE', 'FIELD_KEYS_FILE'];
/** Shorter texts than a secret has: a word of a PEM file. */
const SECRET_MIN = 16;

describe('the secrets of a running stack', () => {
  const stack = E2eStack.open();
  const secrets = new Map<string, string>();
  const answers: string[] = [];

  const known = (what: string, secret: string): string => {
    if (secret.length >= SECRET_MIN) secrets.set(what, secret);
    return secret;
  };
  const canary = (what: string) => known(what, `canary${randomBytes(12).toString('hex')}`);

  beforeAll(async () => {
    await authorCatalog(stack);
    for (const service of [CORE, HOME]) await stack.control.restart(service, { env: { LOG_LEVEL: 'trace' } });
    for (const service of [CORE, HOME]) await learnSecretsOf(service);
    for (const [name, { clientSecret }] of Object.entries(stack.file.clients)) known(`client ${name}`, clientSecret);
    for (const [name, { password }] of Object.entries(stack.file.kafka.users)) known(`Kafka user ${name}`, password);
  });
  afterAll(async () => {
    for (const service of [CORE, HOME]) await stack.control.restart(service);
  });

  /** What a service is started with: passwords in addresses, keys in files. */
  async function learnSecretsOf(service: string): Promise<void> {
    for (const [name, value] of Object.entries(await stack.control.environment(service))) {
      if (URL.canParse(value)) known(`${service} ${name}`, decodeURIComponent(new URL(value).password));
      if (/PASSWORD|SECRET/.test(name)) known(`${service} ${name}`, value);
      if (!FILES_WITH_KEYS.includes(name)) continue;
      const words = readFileSync(value, 'utf8').match(/[A-Za-z0-9+/_-]{32,}/g) ?? [];
      for (const [at, word] of words.entries()) known(`${service} ${name} ${at}`, word);
    }
  }

  /** A batch is refused item by item. */
  async function refused(client: ServiceClient, path: string, body: unknown, headers = {}): Promise<void> {
    const answer = await client.post(path, body, headers);
    const isRefused = answer.status === 202 ? (answer.body as UsageAnswer).accepted === 0 : answer.status < 500;
    expect([path, answer.status >= 400 || answer.status === 202, isRefused]).toEqual([path, true, true]);
    answers.push(JSON.stringify(answer.body));
  }

  async function strangerAt(url: string): Promise<void> {
    const headers = { authorization: `Bearer ${canary(`a forged token at ${url}`)}` };
    const asked = await fetch(`${url}/api/v1/usage?token=${canary(`a query at ${url}`)}`, { headers });
    const basic = Buffer.from(`operator-${REGION}:${canary(`a wrong client secret at ${url}`)}`).toString('base64');
    const token = await fetch(`${url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    expect(asked.status).toBeGreaterThanOrEqual(400);
    expect(token.status).toBe(401);
    answers.push(await asked.text(), await token.text());
  }

  /** Each secret in each form in which it could travel. */
  const found = (text: string): string[] =>
    [...secrets].flatMap(([what, secret]) => {
      const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')];
      return forms.some((form) => text.includes(form)) ? [what] : [];
    });

  it('F13: a day of work and of bad requests, with every log level on', async () => {
    const { deployment, inviteToken } = await createReadyTenant(stack);
    known('the invite token', inviteToken ?? '');
    const events = ['one', 'two'].map((name) =>
      usageEvent(deployment.id, { id: `secrets-${name}`, time: stack.clock.now(), quantity: '1' }),
    );
    await submit(stack, events);
    await checkGate(stack, deployment.id);
    await awaitHeld(stack, deployment.id, '2');
    for (const [name, client] of Object.entries({ core: stack.core, submitter: stack.submitter, gate: stack.gate })) {
      known(`the token of ${name}`, await client.accessToken());
    }
    const type = { 'content-type': 'application/cloudevents+json' };
    await refused(stack.submitter, '/api/v1/usage', `{"id": "${canary('malformed JSON')}"`, type);
    const bad = { ...events[0], id: 'secrets-bad' };
    await refused(stack.submitter, '/api/v1/usage', { ...bad, nickname: [canary('an unknown key')] }, type);
    const data = { meter: 'droplet_hours', quantity: canary('a quantity that is none') };
    await refused(stack.submitter, '/api/v1/usage', { ...bad, data }, type);
    const question = { deploymentId: deployment.id, action: 'financials:automated_billing' };
    await refused(stack.gate, '/internal/gate/check', { ...question, password: canary('an unknown key of the gate') });
    await refused(stack.gate, '/internal/database/initialize', { deploymentId: [canary('a wrong type')] });
    await strangerAt(stack.file.tenantApi[REGION] as string);
    await strangerAt(stack.file.coreApi);
    expect(secrets.size).toBeGreaterThan(20);
  });

  it('F13: none of them stands in an answer, a log or a metric of either service', async () => {
    expect(found(answers.join('\n'))).toEqual([]);
    const logs = readdirSync(stack.file.logs).filter((file) => /^(core-api|tenant-api).*\.log$/.test(file));
    expect(logs.length).toBeGreaterThan(1);
    for (const file of logs) {
      expect([file, found(readFileSync(join(stack.file.logs, file), 'utf8'))]).toEqual([file, []]);
    }
    for (const url of [stack.file.coreApi, stack.file.tenantApi[REGION] as string]) {
      expect([url, found(await (await fetch(`${url}/metrics`)).text())]).toEqual([url, []]);
    }
  });

  it.each([topics.keys, topics.issued(REGION), topics.applied(REGION), topics.usage(REGION), topics.events])(
    'F13: none of them stands in a record of %s',
    async (topic) => {
      const records = await captureAll(stack, topic);
      const texts = records.map(({ message }) => `${String(message.value)} ${JSON.stringify(message.headers)}`);
      expect(found(texts.join('\n'))).toEqual([]);
    },
  );

  it('F13: none of them stands in a row of either database, the audit and the stored answers among them', async () => {
    const { databases } = stack;
    for (const database of [databases.core, databases.home]) {
      const tables = await databases.query<{ name: string }>(
        database,
        `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
      );
      expect(tables.length).toBeGreaterThan(5);
      for (const { name } of tables) {
        const rows = await databases.query<{ row: string }>(database, `SELECT ${name}::text AS row FROM ${name}`);
        expect([name, found(rows.map(({ row }) => row).join('\n'))]).toEqual([name, []]);
      }
    }
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});
