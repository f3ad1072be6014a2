import { describe, expect, it } from '@jest/globals';
import { hostileNames } from '../../../testing/cluster/hostile-names.js';
import { dedicatedHost, isHostName, isLabelValue, labelValue, namespaceName } from './names.js';

describe('names in the cluster', () => {
  it('200 hostile names become 200 different label values that the API server takes', () => {
    const names = hostileNames();
    expect(names).toHaveLength(200);
    const values = names.map(labelValue);
    expect(values.filter((value) => !isLabelValue(value))).toEqual([]);
    expect(new Set(values).size).toBe(new Set(names).size);
  });

  it('200 hostile names become 200 different hosts below the domain', () => {
    const hosts = hostileNames().map((name, index) => {
      const homeId = `01990000-0000-7000-8000-${String(index).padStart(12, '0')}`;
      return dedicatedHost(name, homeId, 'eu-1.homes.example');
    });
    expect(hosts.filter((host) => !isHostName(host) || !host.endsWith('.eu-1.homes.example'))).toEqual([]);
    expect(hosts.filter((host) => host.split('.')[0]!.length > 63)).toEqual([]);
    expect(new Set(hosts).size).toBe(200);
  });

  it('a plain slug stays as it is', () => {
    expect(labelValue('acme-studio-1')).toBe('acme-studio-1');
    expect(labelValue('a'.repeat(63))).toBe('a'.repeat(63));
  });

  it('E6: a namespace is named after a UUID and after nothing else', () => {
    expect(namespaceName('01990000-0000-7000-8000-00000000000a')).toBe('t-0199000000007000800000000000000a');
    for (const name of hostileNames()) expect(() => namespaceName(name)).toThrow('named after a UUID');
    expect(() => namespaceName('01990000-0000-7000-8000-00000000000A')).toThrow('named after a UUID');
  });
});
