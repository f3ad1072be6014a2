import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { importPrivateJwk, importRootPublicKey, verifyKeyStatement } from '@biplane/licensing';
import { orThrow } from '@biplane/kernel';
import { ceremonyCommand } from './commands.js';
import { createKey, createRoot } from './index.js';
import type { SigningKeyFile } from './ceremony.js';

const NOW = new Date('2026-03-31T00:00:00.000Z');
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ceremony-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const read = (name: string): unknown => JSON.parse(readFileSync(at(name), 'utf8'));
const run = (...args: string[]) => {
  const command = ceremonyCommand(
    () => NOW,
    () => undefined,
  );
  for (const each of [command, ...command.commands]) each.exitOverride().configureOutput({ writeErr: () => undefined });
  return command.parseAsync(args, { from: 'user' });
};
const makeRoot = () => run('root', '--out', at('root.json'));
const makeKey = (...more: string[]) =>
  run('key', '--root', at('root.json'), '--kid', '2026-03-a', '--out', at('key.json'), ...more);

describe('ceremony', () => {
  it('makes a root whose public file a home reads, and a key that this root trusts', async () => {
    await makeRoot();
    await makeKey('--not-after', '2027-03-31T00:00:00Z');
    const root = orThrow(importRootPublicKey(read('root.pub.json')));
    const key = read('key.json') as SigningKeyFile;
    expect(Object.keys(key)).toEqual(['kid', 'privateJwk', 'publicJwk', 'trusted', 'revoked']);
    expect(orThrow(verifyKeyStatement(key.trusted, root))).toMatchObject({
      kid: '2026-03-a',
      jwk: key.publicJwk,
      notBefore: '2026-03-31T00:00:00.000Z',
      notAfter: '2027-03-31T00:00:00.000Z',
      state: 'trusted',
    });
    expect(orThrow(verifyKeyStatement(key.revoked, root))).toMatchObject({ kid: '2026-03-a', state: 'revoked' });
    expect(importPrivateJwk(key.privateJwk).ok).toBe(true);
  });

  it('the public file of the root holds no secret', async () => {
    await makeRoot();
    const { privateJwk } = read('root.json') as ReturnType<typeof createRoot>;
    expect(readFileSync(at('root.pub.json'), 'utf8')).not.toContain(privateJwk.d);
  });

  it('every file is readable by its owner alone', async () => {
    await makeRoot();
    await makeKey();
    for (const name of ['root.json', 'root.pub.json', 'key.json']) expect(statSync(at(name)).mode & 0o777).toBe(0o600);
  });

  it('nothing is ever overwritten', async () => {
    await makeRoot();
    await makeKey();
    const before = ['root.json', 'root.pub.json', 'key.json'].map((name) => readFileSync(at(name), 'utf8'));
    await expect(makeRoot()).rejects.toThrow('never overwritten');
    await expect(makeKey()).rejects.toThrow('never overwritten');
    expect(['root.json', 'root.pub.json', 'key.json'].map((name) => readFileSync(at(name), 'utf8'))).toEqual(before);
  });

  it('--now moves the term that is not given', async () => {
    await makeRoot();
    await makeKey('--now', '2020-01-01T00:00:00Z');
    const root = orThrow(importRootPublicKey(read('root.pub.json')));
    const { trusted } = read('key.json') as SigningKeyFile;
    expect(orThrow(verifyKeyStatement(trusted, root))).toMatchObject({ notBefore: '2020-01-01T00:00:00.000Z' });
  });

  it.each([
    ['a kid that is a path', ['--kid', '../x']],
    ['a term that ends before it begins', ['--not-after', '2020-01-01T00:00:00Z']],
    ['an instant without a zone', ['--now', '2026-01-01']],
  ])('refuses %s and writes nothing', async (_what, more) => {
    await makeRoot();
    await expect(makeKey(...more)).rejects.toThrow();
    expect(() => read('key.json')).toThrow('ENOENT');
  });

  it('two keys of one root are different keys', () => {
    const root = createRoot();
    const terms = { kid: 'a', notBefore: NOW, notAfter: new Date('2027-01-01T00:00:00Z') };
    expect(createKey(root, terms).privateJwk).not.toEqual(createKey(root, terms).privateJwk);
  });
});
