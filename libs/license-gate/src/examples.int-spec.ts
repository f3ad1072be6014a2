import { newPlacement, TestIssuer } from '@biplane/testing';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LicenseClaims } from '@biplane/licensing';

const example = (name: string): string => fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
const placement = newPlacement();
const { deploymentId } = placement;
// The programs read the system's clock: what they verify is issued now.
const issuer = new TestIssuer('eu-1', new Date());
let folder: string;

interface Files {
  readonly root?: object;
  readonly statement?: string;
  readonly license?: string;
}

async function run(program: string, files: Files, id = deploymentId): Promise<{ code: number; output: string }> {
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(folder, `${randomUUID()}-${name}`);
    await writeFile(path, `${text}\n`);
    return path;
  };
  const args = [
    example(program),
    await write('root.pub.json', JSON.stringify(files.root ?? issuer.rootFile)),
    await write('statement.jwt', files.statement ?? issuer.keyStatement('k1')),
    await write('license.jwt', files.license ?? issuer.sign(issuer.claims(placement), 'k1')),
    id,
  ];
  const command = program.endsWith('.java') ? 'java' : process.execPath;
  return new Promise((resolve) => {
    execFile(command, args, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

const signed = (changes: Partial<LicenseClaims>, kid = 'k1'): string =>
  issuer.sign(issuer.claims(placement, changes), kid);

function tampered(): string {
  const [header, payload = '', signature] = signed({}).split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as LicenseClaims;
  const more = { ...claims, modules: { ...claims.modules, everything: { features: ['all'], limits: [] } } };
  return `${header}.${Buffer.from(JSON.stringify(more)).toString('base64url')}.${signature}`;
}

const DAY = 24 * 60 * 60;
const refusals: [title: string, files: Files, id: string | undefined, why: RegExp][] = [
  ['a tampered license', { license: tampered() }, undefined, /signature of the license/],
  ['the license of another deployment', {}, randomUUID(), /not for deployment/],
  ['a key of another root', { root: new TestIssuer('eu-1', new Date()).rootFile }, undefined, /another root/],
  ['a revoked key', { statement: issuer.keyStatement('k1', 'revoked') }, undefined, /revoked/],
  ['another key', { license: signed({}, 'k2') }, undefined, /another key/],
  ['an expired license', { license: signed({ iat: Math.floor(Date.now() / 1000) - 8 * DAY }) }, undefined, /expired/],
  ['a suspended license', { license: signed({ status: 'suspended' }) }, undefined, /suspended/],
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'biplane-verify-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(['verify-license.mjs', 'VerifyLicense.java'])('%s', (program) => {
  it('verifies a signed license offline and prints what it says', async () => {
    const { code, output } = await run(program, {});
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining(deploymentId) });
    const json = output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1);
    expect(JSON.parse(json)).toMatchObject({ sub: placement.tenantId, version: 1 });
  });

  it.each(refusals)('refuses %s and says why', async (_title, files, id, why) => {
    const { code, output } = await run(program, files, id);
    expect(code).toBe(1);
    expect(output).toMatch(/refused: /);
    expect(output).toMatch(why);
  });
});
