import { describe, expect, it } from '@jest/globals';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { spawnSource } from '@biplane/testing';

const CHILD = pathToFileURL(fileURLToPath(new URL('./spec-support/entries.child.ts', import.meta.url)));

/** What a process has loaded once it imported the entry: packages by name. */
async function loadedBy(entry: string): Promise<string[]> {
  const { code, output } = await spawnSource(CHILD, { entry }).ended;
  expect({ code, output }).toMatchObject({ code: 0 });
  return JSON.parse(output.slice(output.indexOf('['))) as string[];
}

const DATABASE = /^(@prisma\/|pg$|@biplane\/(service-kit|prisma-))/;

describe('the entries', () => {
  it.each([
    ['@biplane/license-gate', /^(@nestjs\/|kafkajs|@biplane\/messaging)/],
    ['@biplane/license-gate/kafka', /^(@nestjs\/(core|swagger|microservices)|@biplane\/limits)/],
    ['@biplane/license-gate/nest', /^(kafkajs|@biplane\/messaging)/],
  ])('%s loads neither a database nor what it does not need', async (entry, unneeded) => {
    const packages = await loadedBy(entry);
    expect(packages).toContain('@biplane/kernel');
    expect(packages.filter((name) => DATABASE.test(name) || unneeded.test(name))).toEqual([]);
  });
});
