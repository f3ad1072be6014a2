import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  sizeOfRun,
  spawnSource,
  testKafka,
  waitFor,
  type Child,
  type TestKafka,
  newPlacement,
  TestIssuer,
} from '@biplane/testing';
import ts from 'typescript';
import { writeBundle } from './index.js';
import { readmeFiles, unpackReadme } from './spec-support/readme.js';

const CHANGES = sizeOfRun({ soak: 200, ci: 12 });
const PROCESSES = 4;

let unpacked: ReturnType<typeof unpackReadme>;
const children: Child[] = [];

beforeAll(() => {
  unpacked = unpackReadme();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map(({ ended }) => ended));
  unpacked.remove();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** One process of the README's service, ready to serve. */
async function startService(issuer: TestIssuer, env: Record<string, string>): Promise<string> {
  const own = join(unpacked.folder, randomUUID());
  mkdirSync(own);
  const rootFile = join(own, 'root.pub.json');
  writeFileSync(rootFile, JSON.stringify(issuer.rootFile));
  const port = await freePort();
  const child = spawnSource(pathToFileURL(join(unpacked.folder, 'main.ts')), null, {
    PORT: String(port),
    ROOT_KEY_FILE: rootFile,
    CACHE_FOLDER: join(own, 'cache'),
    ...env,
  });
  children.push(child);
  let end: string | undefined;
  void child.ended.then(({ output }) => (end = output));
  const url = `http://127.0.0.1:${port}`;
  const isReady = async (): Promise<boolean> => {
    if (end !== undefined) return true; // it will never be ready
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    await answer?.arrayBuffer();
    return answer?.status === 200;
  };
  await waitFor('the service', isReady, { deadlineMs: 60_000 });
  if (end !== undefined) throw new Error(`the service ended: ${end}`);
  return url;
}

async function statusOf(url: string, deploymentId: string): Promise<number> {
  const answer = await fetch(`${url}/bills`, { headers: { 'x-deployment-id': deploymentId } });
  await answer.arrayBuffer();
  return answer.status;
}

describe('README', () => {
  it('the code of the README compiles as it stands', () => {
    const files = [...readmeFiles().keys()].map((name) => join(unpacked.folder, name));
    expect(files).toHaveLength(4);
    const base = ts.readConfigFile('tsconfig.base.json', (path) => ts.sys.readFile(path)).config as {
      compilerOptions: object;
    };
    const options = ts.convertCompilerOptionsFromJson(
      { ...base.compilerOptions, composite: false, noEmit: true, customConditions: ['@biplane/source'] },
      '.',
    ).options;
    const program = ts.createProgram(files, options);
    const wrong = ts.getPreEmitDiagnostics(program).filter(({ file }) => file && files.includes(file.fileName));
    expect(wrong.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
  });

  it('the service that it shows gates its route by a file', async () => {
    const issuer = new TestIssuer('eu-1', new Date());
    const placement = newPlacement();
    const file = join(unpacked.folder, 'licenses.json');
    const bundle = (status: 'active' | 'suspended', version: number) => ({
      keys: [{ kid: 'k1', statement: issuer.keyStatement('k1') }],
      licenses: [
        {
          deploymentId: placement.deploymentId,
          license: issuer.sign(issuer.claims(placement, { status, version }), 'k1'),
        },
      ],
    });
    await writeBundle(file, bundle('active', 1));
    const url = await startService(issuer, { LICENSE_FILE: file });
    expect(await statusOf(url, placement.deploymentId)).toBe(200);
    expect(await statusOf(url, randomUUID())).toBe(503);
    await writeBundle(file, bundle('suspended', 2));
    await waitFor('the suspension', async () => (await statusOf(url, placement.deploymentId)) === 403);
  });
});

describe('four processes of one service', () => {
  let kafka: TestKafka;
  beforeAll(async () => {
    kafka = await testKafka({ partitions: 3 });
  });
  afterAll(() => kafka.close());

  it('B15: a license change is enforced by four processes of the service that this README shows', async () => {
    const issuer = new TestIssuer(kafka.region, new Date());
    const kid = `k-${randomUUID()}`;
    const placement = newPlacement();
    const { deploymentId } = placement;
    const producer = kafka.broker('core').producer();
    const publish = (version: number): Promise<void> => {
      const claims = issuer.claims(placement, { version, status: version % 2 === 0 ? 'suspended' : 'active' });
      return producer.send([issuer.licenseRecord(deploymentId, issuer.sign(claims, kid))]);
    };
    await producer.send([issuer.keyRecord(kid)]);
    await publish(1);
    const { brokers, username = '', password = '' } = kafka.connection('home');
    const env = {
      KAFKA_BROKERS: brokers.join(','),
      KAFKA_USERNAME: username,
      KAFKA_PASSWORD: password,
      REGION: kafka.region,
    };
    const urls = await Promise.all(Array.from({ length: PROCESSES }, () => startService(issuer, env)));
    expect(await Promise.all(urls.map((url) => statusOf(url, deploymentId)))).toEqual(Array(PROCESSES).fill(200));
    const tookMs: number[] = [];
    for (let version = 2; version < 2 + CHANGES; version += 1) {
      const expected = version % 2 === 0 ? 403 : 200;
      const startedAt = performance.now();
      await publish(version);
      const isEnforced = (url: string) => async (): Promise<boolean> =>
        (await statusOf(url, deploymentId)) === expected;
      await Promise.all(urls.map((url) => waitFor(`version ${version}`, isEnforced(url), { everyMs: 5 })));
      tookMs.push(performance.now() - startedAt);
    }
    await producer.close();
    // The catalog allows 60 s; a second is the goal of the benchmark, which has the machine for itself.
    expect(Math.max(...tookMs)).toBeLessThan(60_000);
  });
});
