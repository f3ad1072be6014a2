import { describe, expect, it } from '@jest/globals';
import type { FactoryProvider } from '@nestjs/common';
import { plannedClusters } from './home-plans.js';

describe('what core-api knows of clusters', () => {
  const { useFactory } = plannedClusters as FactoryProvider;
  const read = (environment: object): unknown => useFactory(environment);

  it('is nothing where it was told nothing, and a start that was told half of it stops', () => {
    expect(read({})).toMatchObject({ settingsOf: new Map() });
    expect(() => read({ CLUSTER_SETTINGS_FILE: 'x.json' })).toThrow('PLATFORM is missing');
    expect(() => read({ CLUSTER_SETTINGS_FILE: 'x.json', PLATFORM: 'p' })).toThrow('can not be read');
  });
});
