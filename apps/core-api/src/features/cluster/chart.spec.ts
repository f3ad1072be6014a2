import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseClusterSettings } from './domain/parse-cluster-settings.js';
import { reconcilerRules } from './domain/reconciler-rules.js';

const inChart = (file: string): string =>
  readFileSync(new URL(`../../../../../charts/biplane/${file}`, import.meta.url), 'utf8');

describe('the chart', () => {
  it('gives the reconciler exactly the rights that its code names', () => {
    expect(JSON.parse(inChart('files/reconciler-rules.json'))).toEqual(reconcilerRules);
  });

  // What the chart renders is compared with these files where helm is: in tools/chart.
  it.each(['eu', 'everything'])('gives the reconciler settings that it takes: %s', (variant) => {
    const settings = parseClusterSettings(inChart(`ci/cluster-settings.${variant}.json`));
    expect(settings.ok ? [...settings.value.keys()] : settings.error).toEqual(['eu-1']);
  });
});
