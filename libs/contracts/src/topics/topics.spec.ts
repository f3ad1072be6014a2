import { describe, expect, it } from '@jest/globals';
import { accessRules, homeUser } from './access-rules.js';
import { topicDefinitions, topicMisconfigurations } from './topic-definitions.js';
import { groups, topics } from './topics.js';

const regions = ['eu-1', 'us-1'];
const definitions = topicDefinitions(regions, { replicationFactor: 3, minInSyncReplicas: 2 });
const definition = (name: string) => {
  const found = definitions.find((each) => each.name === name);
  if (!found) throw new Error(`no topic ${name}`);
  return found;
};

describe('topicDefinitions', () => {
  it('names every topic of the contract once, with 12 partitions', () => {
    expect(definitions.map(({ name }) => name).sort()).toEqual(
      [
        'license.keys',
        'subscription.events',
        ...regions.flatMap((region) => [
          `license.issued.${region}`,
          `license.applied.${region}`,
          `license.applied.${region}.dlq`,
          `usage.metrics.${region}`,
          `usage.metrics.${region}.dlq`,
        ]),
      ].sort(),
    );
    expect(new Set(definitions.map(({ partitions }) => partitions))).toEqual(new Set([12]));
  });

  it('license topics are compacted, those up kept 30 days, dead letters 90', () => {
    const day = 86_400_000;
    expect(definition('license.issued.eu-1')).toMatchObject({ cleanup: 'compact', retentionMs: null });
    expect(definition('license.keys').config['cleanup.policy']).toBe('compact');
    expect(definition('usage.metrics.us-1').config['retention.ms']).toBe(String(30 * day));
    expect(definition('license.applied.us-1.dlq').retentionMs).toBe(90 * day);
    expect(definition('license.keys').config['min.insync.replicas']).toBe('2');
  });

  it.each(['EU', 'eu 1', 'eu.1', '../x', ''])('the region %j names no topic', (region) => {
    expect(() => topics.issued(region)).toThrow();
  });

  it('a license topic that deletes is refused at start, one with more partitions is not', () => {
    const issued = definition('license.issued.eu-1');
    expect(topicMisconfigurations(issued, { partitions: 24, config: issued.config })).toEqual([]);
    const deleting = { partitions: 12, config: { ...issued.config, 'cleanup.policy': 'delete' } };
    expect(topicMisconfigurations(issued, deleting)).toHaveLength(1);
    const usage = definition('usage.metrics.eu-1');
    expect(
      topicMisconfigurations(usage, { partitions: 3, config: { ...usage.config, 'retention.ms': '1000' } }),
    ).toHaveLength(2);
    expect(
      topicMisconfigurations(usage, { partitions: 12, config: { ...usage.config, 'retention.ms': '-1' } }),
    ).toEqual([]);
  });
});

describe('accessRules', () => {
  const rules = accessRules(regions);
  const may = (user: string, operation: string, name: string) =>
    rules.some(
      (rule) => rule.user === user && rule.name === name && (rule.operations as readonly string[]).includes(operation),
    );

  it('only core writes license topics, only a home writes the topics up', () => {
    const written = (user: string) =>
      rules.filter((r) => r.user === user && r.operations.includes('WRITE')).map((r) => r.name);
    expect(written(homeUser('eu-1'))).toEqual(['license.applied.eu-1', 'usage.metrics.eu-1']);
    expect(written('core').filter((name) => /^(usage|license\.applied)\.[a-z.]*[a-z]+-1$/.test(name))).toEqual([]);
    expect(may('core', 'WRITE', 'license.issued.us-1')).toBe(true);
  });

  it('a home of one region has no right on anything of another', () => {
    expect(rules.filter((rule) => rule.user === 'home-eu-1' && rule.name.includes('us-1'))).toEqual([]);
    expect(may('home-eu-1', 'READ', 'license.issued.eu-1')).toBe(true);
    expect(may('home-eu-1', 'READ', 'license.keys')).toBe(true);
  });

  it('nobody but core writes what third parties read, and no home reads it', () => {
    expect(rules.filter((rule) => rule.name === 'subscription.events').map((rule) => rule.user)).toEqual(['core']);
  });

  it('the prefix of a region is no prefix of another region', () => {
    expect(groups.homePrefix('eu-1')).toBe('tenant-api.eu-1.');
    expect(groups.homeReader('eu-10', 'a').startsWith(groups.homePrefix('eu-1'))).toBe(false);
  });
});
