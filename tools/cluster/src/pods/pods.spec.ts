import { describe, expect, it } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import { BackOff } from './back-off.js';
import { expand, resolveEnvironment } from './environment.js';
import { imageOf, ourImages, processOf, repositoryOf } from './images.js';
import { meantHere, rewriteMounts } from './mounts.js';
import { phaseOf, podStatus, type ContainerFacts } from './pod-status.js';

const facts = (state: ContainerFacts['state'], more: Partial<ContainerFacts> = {}): ContainerFacts => ({
  name: 'main',
  image: 'x',
  restartCount: 0,
  started: false,
  ready: false,
  lastState: undefined,
  state,
  ...more,
});
const waiting = facts({ waiting: { reason: 'ContainerCreating' } });
const running = facts({ running: {} }, { started: true, ready: true });
const ended = (exitCode: number) => facts({ terminated: { exitCode } });
const podOf = (restartPolicy: string): V1Pod => ({ spec: { restartPolicy, containers: [] } });

describe('what a container starts', () => {
  it.each([
    ['registry:5000/biplane/core-api:1@sha256:0', 'registry:5000/biplane/core-api'],
    ['biplane/core-api:1', 'biplane/core-api'],
    ['registry:5000/biplane/core-api', 'registry:5000/biplane/core-api'],
  ])('knows %s by its repository', (image, repository) => expect(repositoryOf(image)).toBe(repository));

  it('an image that only ends like ours is not ours', () => {
    expect(imageOf('evil/notbiplane/core-api', ourImages)).toBeNull();
    expect(imageOf('registry.example/biplane/core-api:2', ourImages)).not.toBeNull();
  });

  it.each([
    [{}, ['--enable-source-maps', '/r/apps/core-api/dist/main.js']],
    [{ args: ['apps/core-api/dist/topics.main.js'] }, ['--enable-source-maps', '/r/apps/core-api/dist/topics.main.js']],
    [{ command: ['node', '/app/apps/core-api/dist/migrate.main.js'] }, ['/r/apps/core-api/dist/migrate.main.js']],
    [
      { command: ['/nodejs/bin/node'], args: ['migrate.main', '--x'] },
      ['/r/apps/core-api/dist/migrate.main.js', '--x'],
    ],
    [{ command: ['dist/main.js'] }, ['/r/apps/core-api/dist/main.js']],
  ])('finds the script of %j', (container, words) => {
    const image = ourImages['biplane/core-api'];
    if (!image) throw new Error('It is an image of ours');
    const found = processOf(container, image, '/r', (file) =>
      /^\/r\/apps\/core-api\/dist\/\w+(\.main)?\.js$/.test(file),
    );
    expect(found).toEqual([process.execPath, ...words]);
  });

  it('a file of this machine is meant as it is, also beneath a path that the pod mounts', () => {
    const mounts = [{ mountPath: '/scratch', folder: '/pod/scratch' }];
    const isFile = (file: string): boolean => file === '/scratch/clone/dist/main.js';
    const meant = ['/scratch/clone/dist/main.js', '/scratch/out', '--out=/scratch/clone/dist/main.js'].map((word) =>
      meantHere(word, mounts, isFile),
    );
    expect(meant).toEqual(['/scratch/clone/dist/main.js', '/pod/scratch/out', '--out=/pod/scratch/clone/dist/main.js']);
  });

  it('variables are expanded in order, a dollar is kept, an unknown name too', () => {
    expect(expand('$(A)-$$(A)-$(B)', { A: '1' })).toBe('1-$(A)-$(B)');
    const env = [
      { name: 'A', value: '1' },
      { name: 'B', value: '$(A)2' },
    ];
    const refer = { configMap: () => null, secret: () => null, podIp: '', hostIp: '' };
    expect(resolveEnvironment({ name: 'main', env }, {}, refer)).toEqual({ A: '1', B: '12' });
  });

  it('a mounted path is rewritten where it is a path of its own, the longest first', () => {
    const mounts = [
      { mountPath: '/etc', folder: '/pod/a' },
      { mountPath: '/etc/deep/', folder: '/pod/b' },
    ];
    const text = 'x=/etc/one file:///etc/deep/two /my/etc/three /etcetera /etc';
    expect(rewriteMounts(text, mounts)).toBe('x=/pod/a/one file:///pod/b/two /my/etc/three /etcetera /pod/a');
  });
});

describe('what a pod is said to be', () => {
  it.each([
    ['Pending', 'Always', [], [waiting]],
    ['Pending', 'Always', [ended(1)], [waiting]],
    ['Running', 'Always', [ended(0)], [running]],
    ['Running', 'Always', [], [ended(0)]],
    ['Running', 'OnFailure', [], [ended(1)]],
    ['Succeeded', 'OnFailure', [], [ended(0), ended(0)]],
    ['Failed', 'Never', [], [ended(0), ended(2)]],
    ['Failed', 'Never', [ended(3)], [waiting]],
    ['Running', 'Never', [], [ended(0), running]],
  ])('%s under %s', (phase, policy, init, containers) => {
    expect(phaseOf(podOf(policy), { init, containers })).toBe(phase);
  });

  it('a condition keeps the instant from which it holds', () => {
    const known = { podIp: '198.18.0.1', hostIp: '127.0.0.1', startTime: new Date(0), init: [] };
    const first = podStatus(podOf('Always'), { ...known, containers: [running] }, undefined, new Date(1));
    const later = podStatus(podOf('Always'), { ...known, containers: [running] }, first, new Date(2));
    const broken = podStatus(podOf('Always'), { ...known, containers: [waiting] }, later, new Date(3));
    const ready = [first, later, broken].map(({ conditions }) => conditions?.find(({ type }) => type === 'Ready'));
    expect(ready.map((one) => [one?.status, Number(one?.lastTransitionTime)])).toEqual([
      ['True', 1],
      ['True', 1],
      ['False', 3],
    ]);
  });

  it('back-off doubles from the second end, has an end, and is forgotten after a long run', () => {
    const backOff = new BackOff({ firstMs: 10, maxMs: 30, forgottenAfterMs: 100 });
    expect([1, 1, 1, 1, 1].map((ran) => backOff.afterEnd(ran))).toEqual([0, 10, 20, 30, 30]);
    expect([200, 1].map((ran) => backOff.afterEnd(ran))).toEqual([0, 10]);
  });
});
