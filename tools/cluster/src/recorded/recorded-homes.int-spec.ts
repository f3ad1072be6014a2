import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@biplane/testing';
import { stringify } from 'yaml';
import { contained, IMAGE, root } from '../spec-support/own-cluster.js';
import { RecordedHomes } from './recorded-homes.js';

interface Told {
  status: { replicas: number; availableReplicas: number };
  pods: { name: string; podIP: string; ready: boolean }[];
}

let folder: string;
let homes: RecordedHomes;
const recorded = () => path.join(folder, 'recorded', 'home');
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'biplane-recorded-'));
  await mkdir(recorded(), { recursive: true });
  const images = {
    'fixture/server': { folder: 'tools/cluster', entrypoint: ['node'], command: ['src/spec-support/server.mjs'] },
  };
  const options = { folder: path.join(folder, 'recorded'), work: path.join(folder, 'work'), root, images };
  homes = await RecordedHomes.start(options, process.env, () => undefined);
});
afterEach(async () => {
  await homes.stop();
  await rm(folder, { recursive: true, force: true });
});

const record = (name: string, object: object) => writeFile(path.join(recorded(), name), stringify(object));
const deployment = (replicas: number, word: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'api', namespace: 'home' },
  spec: {
    replicas,
    template: {
      metadata: { labels: { app: 'api' } },
      spec: {
        terminationGracePeriodSeconds: 2,
        containers: [
          contained({
            image: IMAGE,
            env: [
              { name: 'WORD', value: word },
              { name: 'CONFIG_FILE', value: '/etc/token' },
            ],
            volumeMounts: [{ name: 'token', mountPath: '/etc/token', subPath: 'token' }],
            readinessProbe: { httpGet: { path: '/ready', port: 8080 as never } },
          }),
        ],
        volumes: [{ name: 'token', secret: { secretName: 'enrollment' } }],
      },
    },
  },
});
const told = async (): Promise<Told | null> => {
  const file = path.join(recorded(), 'deployment-api.status.json');
  return readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as Told,
    () => null,
  );
};
const ask = async (address: string) =>
  (await (await fetch(`http://${address}:8080/`)).json()) as { env: Record<string, string>; file: string; pid: number };

describe('recorded homes', () => {
  it('run as they are recorded, change with the record, and end with it', async () => {
    await record('secret-enrollment.yaml', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'enrollment', namespace: 'home' },
      data: { token: Buffer.from('secret words').toString('base64') },
    });
    await record('deployment-api.yaml', deployment(1, 'first'));
    const first = await waitFor('it to be available', async () => {
      const now = await told();
      return now?.status.availableReplicas === 1 ? now.pods[0] : null;
    });
    const before = await ask(first.podIP);
    expect(before).toMatchObject({ env: { WORD: 'first' }, file: 'secret words' });

    await record('deployment-api.yaml', deployment(1, 'second'));
    const second = await waitFor('the new one alone', async () => {
      const now = await told();
      return now?.pods.length === 1 && now.pods[0]?.ready && now.pods[0].name !== first.name ? now.pods[0] : null;
    });
    expect((await ask(second.podIP)).env['WORD']).toBe('second');

    await record('deployment-api.yaml', deployment(0, 'second'));
    await waitFor('none', async () => (await told())?.status.replicas === 0);
    await expect(ask(second.podIP)).rejects.toThrow();
    await rm(path.join(recorded(), 'deployment-api.yaml'));
    await waitFor('its status to go', async () => (await told()) === null);
  });
});
