import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor, type Deadline } from '../eventually.js';
import { requiredVariable } from '../test-environment.js';
import { kubeconfigText, readKubeconfig, sendTo, type ClusterAccess } from './cluster-access.js';

export interface ClusterAnswer<T> {
  readonly status: number;
  readonly body: T;
}

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Somebody with exactly these rights, and the kubeconfig of that one. */
export interface TestIdentity {
  readonly kubeconfigFile: string;
  readonly token: string;
  /** Changes what it may do, and waits until the API server has taken it in. */
  setRules(rules: readonly PolicyRule[]): Promise<void>;
}

type Body = Readonly<Record<string, unknown>>;

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const FIELD_MANAGER = 'fieldManager=biplane-test&force=true';

/**
 * The API server that the run's suites share, as its administrator. Each suite has a random `platform`, by which it
 * labels what it makes: lists, sweeps and `close` are confined to it.
 */
export class TestCluster {
  readonly platform = `test-${randomBytes(5).toString('hex')}`;
  private readonly folder = mkdtempSync(join(tmpdir(), 'biplane-cluster-'));
  private readonly identities: string[] = [];

  constructor(
    readonly kubeconfigFile: string,
    readonly access: ClusterAccess,
  ) {}

  /** Which cluster this is, in a line: a run says it. */
  async about(): Promise<string> {
    const { body } = await this.send<{ gitVersion?: string }>('GET', '/version');
    return `${this.access.server} (${body.gitVersion ?? 'of unknown version'})`;
  }

  /** Any request, whatever the answer; as somebody else when `as` says so. */
  async send<T = Body>(
    method: string,
    path: string,
    body?: unknown,
    contentType?: string,
    as: ClusterAccess = this.access,
  ): Promise<ClusterAnswer<T>> {
    const response = await sendTo(as, {
      method,
      path,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: { accept: 'application/json', 'content-type': contentType ?? 'application/json' },
    });
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
    return { status: response.statusCode ?? 0, body: parsed<T>(text) };
  }

  /** The object, or null when there is none. */
  async get<T = Body>(path: string): Promise<T | null> {
    const { status, body } = await this.send<T>('GET', path);
    if (status === 404) return null;
    if (status >= 400) throw new Error(`GET ${path} answered ${status}: ${JSON.stringify(body)}`);
    return body;
  }

  /** Applies it as a manager of its own, as somebody at a keyboard would. */
  async apply<T = Body>(path: string, object: Body): Promise<T> {
    const target = `${path}${path.includes('?') ? '&' : '?'}${FIELD_MANAGER}`;
    return this.done<T>('PATCH', target, object, 'application/apply-patch+yaml');
  }

  async create<T = Body>(path: string, object: Body): Promise<T> {
    return this.done<T>('POST', path, object);
  }

  async merge<T = Body>(path: string, patch: Body): Promise<T> {
    return this.done<T>('PATCH', path, patch, 'application/merge-patch+json');
  }

  /** Gone already is gone, too. */
  async delete(path: string): Promise<void> {
    const { status, body } = await this.send('DELETE', path);
    if (status >= 400 && status !== 404) throw new Error(`DELETE ${path} answered ${status}: ${JSON.stringify(body)}`);
  }

  /** Waits until the object is as the test wants it; `null` stands for one that is not there. */
  waitForObject<T = Body>(
    what: string,
    path: string,
    isSo: (object: T | null) => boolean,
    deadline?: Deadline,
  ): Promise<T | null> {
    const read = async () => {
      const object = await this.get<T>(path);
      return isSo(object) ? { object } : null;
    };
    return waitFor(what, read, { everyMs: 100, ...deadline }).then(({ object }) => object);
  }

  /** A service account of its own with a role of exactly these rules. */
  async identity(rules: readonly PolicyRule[]): Promise<TestIdentity> {
    const name = `${this.platform}-${this.identities.length + 1}`;
    this.identities.push(name);
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    const metadata = { name, labels: { 'biplane.dev/platform': this.platform } };
    await this.create(accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    const setRole = async (wanted: readonly unknown[]) => {
      const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata, rules: wanted };
      await this.apply(`${RBAC}/clusterroles/${name}`, role);
    };
    await setRole([]);
    await this.create(`${RBAC}/clusterrolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: 'default' }],
    });
    const { status } = await this.create<{ status: { token: string } }>(`${accounts}/${name}/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 7200 },
    });
    const { server, certificateAuthority } = this.access;
    const { token } = status;
    let changes = 0;
    const setRules = async (wanted: readonly PolicyRule[]) => {
      // A mark among the rules, which nothing else serves: when it is allowed, the API server has taken in the others.
      const mark = `/${name}/${(changes += 1)}`;
      await setRole([...wanted, { nonResourceURLs: [mark], verbs: ['get'] }]);
      await waitFor('the new rules to hold', () => this.mayGet(token, mark));
    };
    await setRules(rules);
    return { kubeconfigFile: this.write(name, { server, certificateAuthority, token }), token, setRules };
  }

  private async mayGet(token: string, path: string): Promise<boolean> {
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { nonResourceAttributes: { path, verb: 'get' } },
    };
    const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const { body } = await this.send<{ status?: { allowed?: boolean } }>('POST', reviews, review, undefined, {
      ...this.anonymous(),
      token,
    });
    return body.status?.allowed ?? false;
  }

  /** A kubeconfig file that goes with the suite. */
  write(name: string, access: ClusterAccess): string {
    const file = join(this.folder, `${name}.kubeconfig`);
    writeFileSync(file, kubeconfigText(access), { mode: 0o600 });
    return file;
  }

  /** Removes the suite's namespaces and identities; what is being deleted is not waited for. */
  async close(): Promise<void> {
    const labelled = `labelSelector=${encodeURIComponent(`biplane.dev/platform=${this.platform}`)}`;
    const namespaces = await this.get<{ items: { metadata: { name: string } }[] }>(`/api/v1/namespaces?${labelled}`);
    for (const { metadata } of namespaces?.items ?? []) await this.delete(`/api/v1/namespaces/${metadata.name}`);
    for (const name of this.identities) {
      await this.delete(`${RBAC}/clusterrolebindings/${name}`);
      await this.delete(`${RBAC}/clusterroles/${name}`);
      await this.delete(`/api/v1/namespaces/default/serviceaccounts/${name}`);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private anonymous(): ClusterAccess {
    const { server, certificateAuthority } = this.access;
    return { server, certificateAuthority };
  }

  private async done<T>(method: string, path: string, object: Body, contentType?: string): Promise<T> {
    const { status, body } = await this.send<T>(method, path, object, contentType);
    if (status >= 400) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`);
    return body;
  }
}

/** A suite that needs a cluster and finds none fails: nothing is skipped. */
export function testCluster(env: NodeJS.ProcessEnv = process.env): TestCluster {
  const file = requiredVariable('TEST_KUBECONFIG', env);
  return new TestCluster(file, readKubeconfig(file));
}

function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    return text as T;
  }
}
