import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findPrograms } from './postgres-server.js';
import { rehearse } from './rehearse.js';

const folder = mkdtempSync(path.join(tmpdir(), 'biplane-rehearsal-'));
chmodSync(folder, 0o755);
try {
  const rehearsed = await rehearse(findPrograms(), folder, (line) => process.stdout.write(`${line}\n`));
  process.stdout.write(`${JSON.stringify(rehearsed)}\n`);
} catch (error) {
  process.stderr.write(`The rehearsal failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
