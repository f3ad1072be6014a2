import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of the clone: this package stands in tools/chart, as source and as build. */
export const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

export const chartFolder = path.join(root, 'charts', 'biplane');

/** The values that the chart is checked with, each a way in which it is used. */
export const variants = ['eu', 'everything', 'two-regions'] as const;
export type Variant = (typeof variants)[number];

export const valuesFile = (variant: Variant): string => path.join(chartFolder, 'ci', `${variant}.yaml`);
