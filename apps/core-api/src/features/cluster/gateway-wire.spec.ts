import { afterEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { eventually } from '@biplane/testing';
import { clusterSettings, homeSpec } from '../../testing/cluster/home-fixture.js';
import { scriptedApiServer, type Script, type ScriptedApiServer } from '../../testing/cluster/scripted-api-server.js';
import { kubernetesGateway } from './cluster.gateway.js';
import { desiredObjects, refOf, type ClusterHint, type KubernetesObject } from './index.js';
import { APPLY_PATCH, JSON_PATCH } from './kubernetes/kubernetes-gateway.js';

const policy = { callTimeoutMs: 2000, attemptsMax: 4, budgetMs: 10_000, pauseBaseMs: 1, pauseMsMax: 2 };
const [namespace] = desiredObjects(homeSpec(), clusterSettings());
const labels = { 'biplane.dev/platform': 'test' };

let server: ScriptedApiServer;
afterEach(() => server?.close());

async function gatewayFor(script: Script) {
  server = await scriptedApiServer(script);
  return kubernetesGateway({ kubeconfig: server.kubeconfig, policy });
}
const status = (response: Parameters<Script>[1], code: number, body: object = {}) => {
  response.statusCode = code;
  return { kind: 'Status', apiVersion: 'v1', code, ...body };
};
const existing = (object: KubernetesObject): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, uid: 'uid-1', resourceVersion: '7' },
});

describe('what goes over the wire to an API server', () => {
  it('E21: every call has the content type of what it sends, and every apply the manager and strict validation', async () => {
    const object = existing(namespace!);
    const annotations = { ...object.metadata.annotations, 'biplane.dev/x': 'of somebody else' };
    const marked = { ...object, metadata: { ...object.metadata, annotations } };
    const gateway = await gatewayFor(({ method, body }, response) => {
      if (method === 'GET') return marked;
      if (method === 'PATCH') return existing(namespace!);
      if (method === 'POST') return { ...(JSON.parse(body) as object), status: { allowed: true } };
      return status(response, 200);
    });
    await gateway.apply(namespace!);
    await gateway.serverDryRun(namespace!);
    await gateway.accessReview([{ group: 'apps', resource: 'deployments', verb: 'patch' }]);
    await gateway.delete(refOf(namespace!), { uid: 'uid-1' });
    expect(server.calls.map(({ method, contentType }) => `${method} ${contentType}`)).toEqual([
      'GET ',
      `PATCH ${JSON_PATCH}`,
      `PATCH ${APPLY_PATCH}`,
      `PATCH ${APPLY_PATCH}`,
      'POST application/json',
      'DELETE application/json',
    ]);
    const [, strangers, apply, dryRun] = server.calls;
    expect(APPLY_PATCH).toBe('application/apply-patch+yaml');
    expect(JSON.parse(strangers!.body)).toEqual([
      { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
      { op: 'remove', path: '/metadata/annotations/biplane.dev~1x' },
    ]);
    expect(Object.fromEntries(apply!.query)).toEqual({
      fieldManager: 'biplane-core',
      fieldValidation: 'Strict',
      force: 'false',
    });
    // Of the object that was looked at, and of no other that has its name meanwhile.
    expect((JSON.parse(apply!.body) as KubernetesObject).metadata.uid).toBe('uid-1');
    expect(dryRun!.query.get('dryRun')).toBe('All');
    expect(JSON.parse(server.calls.at(-1)!.body)).toMatchObject({ preconditions: { uid: 'uid-1' } });
  });

  it('E20: any two faults in a row, at the read as at the write, are outlived', async () => {
    const truncated: Script = (_, response) => {
      response.setHeader('content-length', '1000');
      response.write('{"kind":"Namespace"', () => response.destroy());
    };
    const reset: Script = (_, response) => void response.destroy();
    const html: Script = (_, response) => void response.writeHead(200).end('<html>');
    const codes = [408, 429, 500, 502, 503, 504].map(
      (code): Script =>
        (_, response) =>
          status(response, code),
    );
    const faults = [...codes, truncated, reset, html];
    let waiting: Script[] = [];
    let jammed = '';
    const gateway = await gatewayFor((call, response) => {
      const fault = call.method === jammed ? waiting.shift() : undefined;
      return fault === undefined ? existing(namespace!) : (fault(call, response) ?? undefined);
    });
    for (const method of ['GET', 'PATCH']) {
      for (const first of faults) {
        for (const second of faults) {
          [jammed, waiting] = [method, [first, second]];
          expect(await gateway.apply(namespace!)).toMatchObject({ kind: 'applied' });
          expect(waiting).toEqual([]);
        }
      }
    }
  });

  it('E19: fields are taken by force only after it is known from whom', async () => {
    const gateway = await gatewayFor(({ method, query }, response) => {
      if (method === 'GET') return existing(namespace!);
      if (query.get('force') === 'true') return existing(namespace!);
      const cause = {
        reason: 'FieldManagerConflict',
        message: 'conflict with "helm" using v1',
        field: '.metadata.labels.x',
      };
      return status(response, 409, { reason: 'Conflict', details: { causes: [cause] } });
    });
    expect(await gateway.apply(namespace!)).toMatchObject({
      conflicts: [{ manager: 'helm', fields: ['.metadata.labels.x'] }],
    });
    expect(server.calls.map(({ method, query }) => `${method} ${query.get('force') ?? ''}`)).toEqual([
      'GET ',
      'PATCH false',
      'PATCH true',
    ]);
  });

  it('a long list is read page by page, and from its beginning when the server forgot its instant', async () => {
    let forgotten = false;
    const page = (names: string[], rest: string) => ({
      metadata: { resourceVersion: '9', ...(rest !== '' && { continue: rest }) },
      items: names.map((name) => ({ metadata: { name } })),
    });
    const gateway = await gatewayFor(({ query }, response) => {
      if (query.get('continue') === null) return page(['a', 'b'], 'second');
      if (forgotten) return page(['c'], '');
      forgotten = true;
      return status(response, 410, { reason: 'Expired' });
    });
    const found = await gateway.list({ kind: 'Namespace', labels });
    expect(found.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'Namespace a',
      'Namespace b',
      'Namespace c',
    ]);
    expect(server.calls).toHaveLength(4);
    expect(server.calls[0]!.query.get('labelSelector')).toBe('biplane.dev/platform=test');
  });

  it('E24: a watch goes on where it stood after a drop, and lists again after 410', async () => {
    let watches = 0;
    const event = (name: string, resourceVersion: string) =>
      `${JSON.stringify({ type: 'MODIFIED', object: { metadata: { name, namespace: 't-1', resourceVersion } } })}\n`;
    const gateway = await gatewayFor(({ query }, response) => {
      if (query.get('watch') === null) return { metadata: { resourceVersion: '10' }, items: [] };
      watches += 1;
      if (watches === 1) return void response.write(event('a', '11'), () => response.destroy());
      if (watches === 2) return void response.end(`${JSON.stringify({ type: 'ERROR', object: { code: 410 } })}\n`);
      return void response.write(event('b', '12'));
    });
    const hints: ClusterHint[] = [];
    const watching = gateway.watch({ kind: 'Service', labels }, (hint) => hints.push(hint));
    await eventually(() => expect(hints.map(({ ref }) => ref?.name ?? null)).toEqual([null, 'a', null, 'b']));
    await watching.stop();
    const places = server.calls
      .filter(({ query }) => query.has('watch'))
      .map(({ query }) => query.get('resourceVersion'));
    expect(places.slice(0, 3)).toEqual(['10', '11', '10']);
  });

  it('a watch of a cluster that is down tries again and never throws', async () => {
    let isDown = true;
    const gateway = await gatewayFor(({ query }, response) => {
      if (isDown) return status(response, 503);
      return query.get('watch') === null ? { metadata: { resourceVersion: '1' }, items: [] } : undefined;
    });
    const hints: ClusterHint[] = [];
    const watching = gateway.watch({ kind: 'Service', labels }, (hint) => hints.push(hint));
    await eventually(() => expect(server.calls.length).toBeGreaterThan(policy.attemptsMax));
    expect(hints).toEqual([]);
    isDown = false;
    await eventually(() => expect(hints).toEqual([{ ref: null, labels }]));
    await watching.stop();
  });

  it('a token that was rotated in its file is taken from there at the first refusal', async () => {
    const gateway = await gatewayFor(({ authorization }, response) =>
      authorization === 'Bearer second' ? existing(namespace!) : status(response, 401),
    );
    await expect(gateway.get(refOf(namespace!))).rejects.toMatchObject({ reason: 'unauthorized' });
    writeFileSync(join(dirname(server.kubeconfig), 'token'), 'second');
    const before = server.calls.length;
    expect(await gateway.get(refOf(namespace!))).not.toBeNull();
    expect(server.calls.length - before).toBeLessThanOrEqual(2);
  });

  it('what the server repeats of a Secret is not passed on', async () => {
    const secret = desiredObjects(homeSpec(), clusterSettings()).find(({ kind }) => kind === 'Secret')!;
    const gateway = await gatewayFor(({ method, body }, response) =>
      method === 'GET' ? status(response, 404) : status(response, 422, { reason: 'Invalid', message: body }),
    );
    const error = await gateway.apply(secret).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ reason: 'invalid', message: 'Invalid' });
    expect(await gateway.serverDryRun(secret)).toEqual({ accepted: false, reason: 'Invalid' });
  });

  it('a plain cluster over a network, a list of everybody, and a kind of others are refused', async () => {
    const gateway = await gatewayFor(() => ({}));
    await expect(gateway.list({ kind: 'Secret', labels: {} })).rejects.toThrow('by their labels');
    await expect(gateway.get({ apiVersion: 'v1', kind: 'Node', name: 'x' })).rejects.toThrow(
      'not a kind that Biplane uses',
    );
    const config = JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'http://10.0.0.1:8080' } }],
      users: [],
      contexts: [{ name: 'x', context: { cluster: 'c', user: '' } }],
      'current-context': 'x',
    });
    const file = join(dirname(server.kubeconfig), 'plain');
    writeFileSync(file, config);
    expect(() => kubernetesGateway({ kubeconfig: file })).toThrow('reached by https');
    expect(server.calls).toEqual([]);
  });
});
