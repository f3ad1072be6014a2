import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asyncApiDocument } from './async-api/async-api-document.js';
import { sourcePathsReference } from './http/source-paths.js';

/** Writes `asyncapi.json`, for two example regions, and `source-paths.md` into the folder given by `--out`. */
const { values } = parseArgs({ options: { out: { type: 'string' } } });
if (values.out === undefined) throw new Error('Usage: reference.main.js --out <folder>');
mkdirSync(values.out, { recursive: true });
const document = asyncApiDocument(['eu-1', 'us-1']);
writeFileSync(join(values.out, 'asyncapi.json'), `${JSON.stringify(document, null, 2)}\n`);
writeFileSync(join(values.out, 'source-paths.md'), sourcePathsReference());
