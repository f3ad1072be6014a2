import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { chartFolder } from './places.js';
import { cellsOf, tableCells } from './readme.js';
import { valuesTable } from './values-table.js';

describe("the chart's README", () => {
  it('names every value with its default, as values.yaml has it', () => {
    const table = valuesTable(readFileSync(path.join(chartFolder, 'values.yaml'), 'utf8'));
    expect(tableCells(readFileSync(path.join(chartFolder, 'README.md'), 'utf8'))).toEqual(cellsOf(table));
  });
});
