import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chartFolder } from './places.js';
import { replaceTable } from './readme.js';
import { valuesTable } from './values-table.js';

// Writes the table of values into the chart's README again. Format it afterwards, as everything.
const readme = path.join(chartFolder, 'README.md');
const table = valuesTable(readFileSync(path.join(chartFolder, 'values.yaml'), 'utf8'));
writeFileSync(readme, replaceTable(readFileSync(readme, 'utf8'), table));
