import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '@biplane/contracts';
import { authorCatalog } from './support/catalog.js';
import { invariantsHold } from './support/invariants.js';
import { kafkaAs, readAs, writeAs } from './support/kafka.js';
import { CORE, E2eStack, HOME, OTHER_REGION, REGION } from './support/stack.js';
import { awaitReady, checkGate, createReadyTenant, createTenant, type CreatedTenant } from './support/tenants.js';
import { awaitHeld, submit, usageEvent } from './support/usage.js';

const REFUSED = /not authorized|authorization failed/i;
const homeUser = `home-${REGION}`;
const homeGroups = `tenant-api.${REGION}.`;

describe('the wall between the planes, on the wire', () => {
  const stack = E2eStack.open();
  let tenant: CreatedTenant;

  beforeAll(async () => {
    await authorCatalog(stack);
    tenant = await createReadyTenant(stack);
  });
  afterAll(() => stack.services.ensureRunning(CORE, HOME));

  describe('the broker refuses', () => {
    it.each([
      { user: homeUser, topic: topics.issued(REGION), reason: 'a home could give itself a license' },
      { user: homeUser, topic: topics.keys, reason: 'a home could trust a key of its own' },
      { user: homeUser, topic: topics.usage(OTHER_REGION), reason: 'usage of another region' },
      { user: homeUser, topic: topics.applied(OTHER_REGION), reason: 'reports of another region' },
      { user: homeUser, topic: topics.issued(OTHER_REGION), reason: 'licenses of another region' },
      { user: homeUser, topic: topics.events, reason: 'what third parties read' },
      { user: homeUser, topic: topics.dlq(topics.usage(REGION)), reason: 'dead letters are core-api’s' },
      { user: 'core', topic: topics.usage(REGION), reason: 'core-api could invent usage' },
      { user: 'core', topic: topics.applied(REGION), reason: 'core-api could confirm its own licenses' },
      { user: `home-${OTHER_REGION}`, topic: topics.usage(REGION), reason: 'usage of this region' },
    ])('$user writing to $topic: $reason', async ({ user, topic }) => {
      await expect(writeAs(stack, user, topic)).rejects.toThrow(REFUSED);
    });

    it.each([
      { user: homeUser, topic: topics.issued(OTHER_REGION), group: homeGroups },
      { user: homeUser, topic: topics.usage(REGION), group: homeGroups },
      { user: homeUser, topic: topics.events, group: homeGroups },
      { user: `home-${OTHER_REGION}`, topic: topics.issued(REGION), group: `tenant-api.${OTHER_REGION}.` },
    ])('$user reading $topic in a group $group*', async ({ user, topic, group }) => {
      await expect(readAs(stack, user, topic, group)).rejects.toThrow(REFUSED);
    });

    it.each([
      { user: homeUser, topic: topics.issued(REGION), group: `tenant-api.${OTHER_REGION}.` },
      { user: homeUser, topic: topics.issued(REGION), group: 'core-api.' },
      { user: 'core', topic: topics.usage(REGION), group: homeGroups },
    ])('$user joining a group $group* to read $topic', async ({ user, topic, group }) => {
      // kafkajs's words for a group that no node may tell this user of.
      await expect(readAs(stack, user, topic, group)).rejects.toThrow(/failed to find group coordinator/i);
    });

    it('and lets each do its own: a home reads its licenses, core-api what comes up', async () => {
      await readAs(stack, homeUser, topics.issued(REGION), homeGroups);
      await readAs(stack, 'core', topics.usage(REGION), 'core-api.');
    });

    it('a wrong password', async () => {
      const admin = kafkaAs(stack, 'core', 'a guess').admin();
      await expect(admin.connect()).rejects.toThrow(/authentication failed/i);
    });

    it.each(['core', homeUser])('%s making topics or access rules', async (user) => {
      const admin = kafkaAs(stack, user).admin();
      await admin.connect();
      try {
        const topic = { topic: `made.by.${user}`, numPartitions: 1 };
        await expect(admin.createTopics({ topics: [topic] })).rejects.toThrow();
        await expect(admin.describeAcls(anyRule)).rejects.toThrow(REFUSED);
      } finally {
        await admin.disconnect();
      }
    });
  });

  describe('no HTTP runs between the planes', () => {
    it('neither service’s environment, nor a file that it names, holds the other’s address', async () => {
      const { services } = await stack.control.state();
      const service = (name: string) => services.find((candidate) => candidate.name === name);
      const addresses = {
        [CORE]: [service(HOME)?.url, service(HOME)?.internalUrl],
        [HOME]: [service(CORE)?.url],
      };
      for (const [name, forbidden] of Object.entries(addresses)) {
        const configuration = configurationOf(await stack.control.environment(name));
        expect(configuration).toContain('KAFKA_BROKERS');
        for (const address of forbidden) {
          expect(address).toBeDefined();
          expect(configuration).not.toContain(new URL(address as string).host);
        }
      }
    });

    it('the address of a home that core-api is told is never called, from creation to the gate', async () => {
      const calls: string[] = [];
      const listener = createServer((request, response) => {
        calls.push(`${request.method} ${request.url}`);
        response.end();
      });
      listener.on('connection', () => calls.push('connection'));
      await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
      const region = (await stack.core.expect(200, 'GET', `/api/v1/regions/${REGION}`)) as Record<string, unknown>;
      try {
        await stack.core.expect(200, 'PUT', `/api/v1/regions/${REGION}`, settingsOf(region, stack.homeId, url));
        const told = await createTenant(stack);
        await awaitReady(stack, told);
        expect(await checkGate(stack, told.deployment.id)).toMatchObject({ outcome: 'allow' });
        expect(calls).toEqual([]);
      } finally {
        const before = stack.file.tenantApi[REGION] as string;
        await stack.core.expect(200, 'PUT', `/api/v1/regions/${REGION}`, settingsOf(region, stack.homeId, before));
        listener.close();
      }
    });

    it('with core-api dead the gate answers and usage is taken; it arrives when core-api is back', async () => {
      const { id } = tenant.deployment;
      await stack.control.kill(CORE);
      try {
        expect(await checkGate(stack, id)).toMatchObject({ outcome: 'allow' });
        const event = usageEvent(id, {
          id: 'core-is-dead',
          time: stack.clock.now(),
          quantity: '7',
          meter: 'api_calls',
        });
        expect(await submit(stack, [event])).toMatchObject({ accepted: 1 });
      } finally {
        await stack.control.start(CORE);
      }
      await awaitHeld(stack, id, '7', 'api_calls');
    });

    it('with the home dead core-api takes a tenant; it is ready when the home is back', async () => {
      await stack.control.kill(HOME);
      let created: CreatedTenant;
      try {
        created = await createTenant(stack);
        const { body } = await stack.core.get(`/api/v1/operations/${created.operation.id}`);
        expect(body).toMatchObject({ state: 'running' });
      } finally {
        await stack.control.start(HOME);
      }
      await awaitReady(stack, created);
    });
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});

/** Kafka's numbers for "any". */
const anyRule = {
  resourceType: 1,
  resourcePatternType: 1,
  operation: 1,
  permissionType: 1,
} as const;

/** The environment, and the text of each file that it names. */
function configurationOf(environment: Readonly<Record<string, string>>): string {
  const files = Object.entries(environment)
    .filter(([name]) => name.endsWith('_FILE'))
    .map(([, path]) => readFileSync(path, 'utf8'));
  return [JSON.stringify(environment), ...files].join('\n');
}

function settingsOf(region: Record<string, unknown>, homeId: string, url: string): Record<string, unknown> {
  const { residency, thresholds, isolatingCompliance, domain } = region;
  return { residency, thresholds, isolatingCompliance, domain, pools: [{ homeId, url }] };
}
