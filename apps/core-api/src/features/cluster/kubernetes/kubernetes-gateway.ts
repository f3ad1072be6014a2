import {
  ClusterError,
  type AccessAnswer,
  type ApplyOutcome,
  type ClusterGateway,
  type ClusterHint,
  type DeleteOptions,
  type DeleteOutcome,
  type DryRunOutcome,
  type FieldConflict,
  type ListQuery,
  type Watching,
} from '../cluster-gateway.js';
import type { AccessQuestion } from '../domain/reconciler-rules.js';
import { differences } from '../domain/differences.js';
import { ownedKind } from '../domain/kinds.js';
import { refOf, type KubernetesObject, type ObjectRef } from '../domain/kubernetes-object.js';
import { FIELD_MANAGER } from '../domain/labels.js';
import { adoptionRefusal } from '../domain/plan.js';
import { errorOf, fieldConflicts, jsonOf, objectOf, statusOf } from './answers.js';
import { RETRY_POLICY, retryTools, withRetries, type RetryPolicy, type RetryTools } from './retry.js';
import type { ApiAnswer, ApiRequest, Transport } from './transport.js';
import { listPath, objectPath } from './urls.js';
import { watchKind } from './watch.js';

export const APPLY_PATCH = 'application/apply-patch+yaml';
export const JSON_PATCH = 'application/json-patch+json';
const PAGE_SIZE = 250;
/** A list that never ends is a bug of somebody: 250,000 objects are. */
const PAGES_MAX = 1000;
const REVIEWS_AT_ONCE = 4;

type Call = Omit<ApiRequest, 'signal'>;

/** The port over HTTP. Everything it writes may be repeated: what was applied twice is as if applied once. */
export class KubernetesGateway implements ClusterGateway {
  constructor(
    private readonly transport: Transport,
    private readonly policy: RetryPolicy = RETRY_POLICY,
    private readonly tools: RetryTools = retryTools,
  ) {}

  /** Not `adopted` before it was looked at: each attempt reads what exists, and writes to that very object. */
  apply(object: KubernetesObject): Promise<ApplyOutcome> {
    return this.retried(async (signal) => {
      const existing = await this.read(refOf(object), signal);
      const refusal = existing && adoptionRefusal(object, existing);
      if (refusal) return { kind: 'refused', reason: refusal };
      const strangers = existing === null ? [] : differences(object, existing).strangers;
      const version = existing?.metadata.resourceVersion;
      if (strangers.length > 0 && version !== undefined) {
        await this.takeOut(refOf(object), strangers, version, signal);
      }
      const { answer, conflicts } = await this.patch(object, existing?.metadata.uid, signal);
      return { kind: 'applied', object: objectOf(answer), created: answer.status === 201, conflicts };
    }, isRepeatable);
  }

  get(ref: ObjectRef): Promise<KubernetesObject | null> {
    return this.retried((signal) => this.read(ref, signal));
  }

  async list(query: ListQuery): Promise<readonly KubernetesObject[]> {
    // The pages of one list are of one instant; when the server has forgotten it (410), the list starts again, once.
    const first = await this.pages(query);
    const pages = first ?? (await this.pages(query));
    if (pages === null) throw new ClusterError('unavailable', 'The list was forgotten by the server twice', 410);
    return pages.objects;
  }

  delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<DeleteOutcome> {
    // A workload is gone when its pods are; everything else is not waited for.
    const propagationPolicy = ref.kind === 'Deployment' ? 'Foreground' : 'Background';
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, preconditions: options };
    const call: Call = {
      method: 'DELETE',
      path: objectPath(ref),
      contentType: 'application/json',
      body: JSON.stringify(body),
    };
    return this.retried(async (signal) => {
      const answer = await this.exchange(call, signal);
      if (answer.status === 404) return 'gone';
      if (answer.status === 409 && (options.uid ?? options.resourceVersion) !== undefined) {
        const now = await this.read(ref, signal);
        if (now === null) return 'gone';
        if (isOther(now, options)) return 'replaced';
      }
      if (answer.status >= 300) throw errorOf(answer, true);
      return statusOf(answer) === null ? 'deleting' : 'gone';
    });
  }

  watch(query: ListQuery, onHint: (hint: ClusterHint) => void): Watching {
    return watchKind(this.transport, query, onHint, () => this.pages(query), this.tools);
  }

  async accessReview(questions: readonly AccessQuestion[]): Promise<readonly AccessAnswer[]> {
    const answers: AccessAnswer[] = [];
    for (let index = 0; index < questions.length; index += REVIEWS_AT_ONCE) {
      const batch = questions.slice(index, index + REVIEWS_AT_ONCE);
      answers.push(...(await Promise.all(batch.map((question) => this.review(question)))));
    }
    return answers;
  }

  serverDryRun(object: KubernetesObject): Promise<DryRunOutcome> {
    return this.retried(async (signal) => {
      const answer = await this.exchange(this.applyCall(object, { force: 'true', dryRun: 'All' }), signal);
      if (answer.status < 300) return { accepted: true, warnings: answer.warnings };
      const error = errorOf(answer, object.kind !== 'Secret');
      if (error.isTransient && error.reason !== 'conflict') throw error;
      return { accepted: false, reason: error.message };
    });
  }

  private async read(ref: ObjectRef, signal: AbortSignal): Promise<KubernetesObject | null> {
    const answer = await this.exchange({ method: 'GET', path: objectPath(ref) }, signal);
    // A kind that the cluster does not know has no objects either.
    if (answer.status === 404) return null;
    if (answer.status !== 200) throw errorOf(answer, true);
    return objectOf(answer);
  }

  /** Without force first: whose changes of our fields are overruled is told, and then only these fields are taken. */
  private async patch(
    object: KubernetesObject,
    uid: string | undefined,
    signal: AbortSignal,
  ): Promise<{ answer: ApiAnswer; conflicts: readonly FieldConflict[] }> {
    const sent = uid === undefined ? object : { ...object, metadata: { ...object.metadata, uid } };
    const polite = await this.exchange(this.applyCall(sent, { force: 'false' }), signal);
    const conflicts = polite.status === 409 ? fieldConflicts(polite) : [];
    const answer =
      conflicts.length === 0 ? polite : await this.exchange(this.applyCall(sent, { force: 'true' }), signal);
    if (answer.status >= 300) throw errorOf(answer, object.kind !== 'Secret');
    return { answer, conflicts };
  }

  private applyCall(object: KubernetesObject, options: Readonly<Record<string, string>>): Call {
    const search = new URLSearchParams({ fieldManager: FIELD_MANAGER, fieldValidation: 'Strict', ...options });
    return {
      method: 'PATCH',
      path: `${objectPath(refOf(object))}?${search.toString()}`,
      contentType: APPLY_PATCH,
      // JSON is YAML.
      body: JSON.stringify(object),
    };
  }

  private async takeOut(
    ref: ObjectRef,
    pointers: readonly string[],
    version: string,
    signal: AbortSignal,
  ): Promise<void> {
    const search = new URLSearchParams({ fieldManager: FIELD_MANAGER });
    const patch = [
      // Refused when the object has changed since: the pointers are of that version.
      { op: 'replace', path: '/metadata/resourceVersion', value: version },
      ...pointers.map((path) => ({ op: 'remove', path })),
    ];
    const answer = await this.exchange(
      {
        method: 'PATCH',
        path: `${objectPath(ref)}?${search.toString()}`,
        contentType: JSON_PATCH,
        body: JSON.stringify(patch),
      },
      signal,
    );
    // A pointer of another version may lead nowhere: that is a conflict as well.
    if (answer.status === 422) throw new ClusterError('conflict', 'The object has changed meanwhile', 422);
    if (answer.status >= 300) throw errorOf(answer, ref.kind !== 'Secret');
  }

  /** Null when the server forgot the instant of the list in the middle of it. */
  private async pages(query: ListQuery): Promise<{ objects: KubernetesObject[]; resourceVersion: string } | null> {
    const { apiVersion, kind } = ownedKind(query.kind);
    const objects: KubernetesObject[] = [];
    let position = '';
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const path = listPath(query, { limit: String(PAGE_SIZE), ...(position !== '' && { continue: position }) });
      const answer = await this.retried(async (signal) => {
        const found = await this.exchange({ method: 'GET', path }, signal);
        if (![200, 404, 410].includes(found.status)) throw errorOf(found, true);
        // Read here, so that a list that was cut off is asked for again.
        return { status: found.status, list: found.status === 200 ? (jsonOf(found) as ObjectList) : null };
      });
      if (answer.status === 410) return null;
      if (answer.list === null) return { objects: [], resourceVersion: '' };
      objects.push(...(answer.list.items ?? []).map((item) => ({ ...item, apiVersion, kind })));
      position = answer.list.metadata?.continue ?? '';
      if (position === '') return { objects, resourceVersion: answer.list.metadata?.resourceVersion ?? '' };
    }
    throw new ClusterError('invalid', `A list of ${query.kind} has more than ${PAGES_MAX} pages`);
  }

  private async review(question: AccessQuestion): Promise<AccessAnswer> {
    const { group, verb, name } = question;
    const [resource, subresource] = question.resource.split('/');
    const allowed = await this.retried(async (signal) => {
      const answer = await this.exchange(
        {
          method: 'POST',
          path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
          contentType: 'application/json',
          body: JSON.stringify({
            apiVersion: 'authorization.k8s.io/v1',
            kind: 'SelfSubjectAccessReview',
            spec: { resourceAttributes: { group, resource, subresource, verb, name } },
          }),
        },
        signal,
      );
      if (answer.status >= 300) throw errorOf(answer, true);
      return (jsonOf(answer) as { status?: { allowed?: boolean } }).status?.allowed === true;
    });
    return { ...question, allowed };
  }

  private async exchange(call: Call, signal: AbortSignal): Promise<ApiAnswer> {
    const answer = await this.transport.request({ ...call, signal });
    if (answer.status === 401) this.transport.reload();
    if (answer.status === 401 || answer.status === 408 || answer.status === 429 || answer.status >= 500)
      throw errorOf(answer, true);
    return answer;
  }

  private retried<T>(call: (signal: AbortSignal) => Promise<T>, isRetried = isOutage): Promise<T> {
    return withRetries(call, isRetried, this.policy, this.tools);
  }
}

interface ObjectList {
  readonly items?: readonly KubernetesObject[];
  readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string };
}

const isOutage = ({ reason }: ClusterError): boolean =>
  ['throttled', 'unavailable', 'timeout', 'unauthorized'].includes(reason);

/** An apply reads again before it writes, so that a conflict of versions is worth another attempt. */
const isRepeatable = (error: ClusterError): boolean => isOutage(error) || error.reason === 'conflict';

const isOther = ({ metadata }: KubernetesObject, { uid, resourceVersion }: DeleteOptions): boolean =>
  (uid !== undefined && metadata.uid !== uid) ||
  (resourceVersion !== undefined && metadata.resourceVersion !== resourceVersion);
