import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isUuid } from '@biplane/kernel';
import { listFolder, makeFolder, replaceFile, syncFolder } from '../files/durable-files.js';
import { FolderLock } from '../files/folder-lock.js';

const KEY = '.statement';
const LICENSE = '.license';

/**
 * The highest license of each deployment and the statements of the keys, as they were signed, a file each: what a start serves from
 * while its feed is away, and what an older license may not come back past. Everything is verified again when it is read.
 */
export class LicenseCache {
  private constructor(
    private readonly folder: string,
    private readonly lock: FolderLock,
    private names: readonly string[],
  ) {}

  static async open(folder: string): Promise<LicenseCache> {
    await makeFolder(folder);
    const lock = await FolderLock.take(folder);
    return new LicenseCache(folder, lock, await listFolder(folder));
  }

  async statements(): Promise<string[]> {
    const files = this.names.filter((name) => name.endsWith(KEY));
    return Promise.all(files.map((name) => readFile(join(this.folder, name), 'utf8')));
  }

  /** One after the other: thousands of signed texts are not held in memory at once. */
  async *licenses(): AsyncGenerator<{ deploymentId: string; compact: string }> {
    for (const name of this.names) {
      const deploymentId = name.slice(0, -LICENSE.length);
      if (!name.endsWith(LICENSE) || !isUuid(deploymentId)) continue;
      yield { deploymentId, compact: await readFile(join(this.folder, name), 'utf8') };
    }
    this.names = [];
  }

  async saveStatement(kid: string, statement: string): Promise<void> {
    await replaceFile(join(this.folder, `${nameOf(kid)}${KEY}`), statement);
    await syncFolder(this.folder);
  }

  async saveLicenses(licenses: readonly { deploymentId: string; compact: string }[]): Promise<void> {
    for (const { deploymentId, compact } of licenses) {
      await replaceFile(join(this.folder, `${deploymentId}${LICENSE}`), compact);
    }
    await syncFolder(this.folder);
  }

  async removeLicenses(deploymentIds: readonly string[]): Promise<void> {
    for (const deploymentId of deploymentIds) await rm(join(this.folder, `${deploymentId}${LICENSE}`), { force: true });
    await syncFolder(this.folder);
  }

  close(): Promise<void> {
    return this.lock.release();
  }
}

/** Key ids that differ in case only would be one file on some systems. */
const nameOf = (kid: string): string => createHash('sha256').update(kid).digest('hex');
