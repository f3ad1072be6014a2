import type { V1Pod } from '@kubernetes/client-node';
import { ApiError, type ApiClient } from '../api/client.js';
import { PodRunner, type PodSurroundings } from '../pods/pod-runner.js';
import { StatusWriter } from './status-writer.js';

const RETRY_MS = 1_000;

/** A pod that is bound to this node: its processes, its status, and its removal once they are gone. */
export class BoundPod {
  private readonly writer: StatusWriter;
  private readonly runner: PodRunner;
  private graceSeconds = Infinity;
  private isRemoving = false;

  constructor(
    private readonly client: ApiClient,
    private readonly pod: V1Pod,
    around: Omit<PodSurroundings, 'changed'>,
    private readonly say: (line: string) => void,
  ) {
    this.writer = new StatusWriter(client, pod, say);
    this.runner = new PodRunner(pod, { ...around, changed: (status) => this.writer.put(status) });
  }

  /** The API server wants it gone: each shorter grace period counts. */
  remove(graceSeconds: number): void {
    if (graceSeconds >= this.graceSeconds) return;
    this.graceSeconds = graceSeconds;
    const ended = this.runner.terminate(graceSeconds);
    if (this.isRemoving) return;
    this.isRemoving = true;
    void ended.then(() => this.confirm());
  }

  /** It is gone already, whatever became of its processes: they end at once. */
  async forget(): Promise<void> {
    this.writer.drop();
    await this.runner.terminate(0);
  }

  /** The agent ends: its pods do, too, and keep their place in the cluster. */
  async end(graceSeconds: number): Promise<void> {
    await this.runner.terminate(graceSeconds);
    this.writer.drop();
  }

  /** Says how it ended, then that nothing of it is left: only then does the API server let it go. */
  private async confirm(): Promise<void> {
    await this.writer.settled();
    const { namespace, name, uid } = this.pod.metadata ?? {};
    for (;;) {
      try {
        await this.client.text('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, {
          body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid } },
        });
        return;
      } catch (error) {
        if (error instanceof ApiError && (error.status === 404 || error.status === 409)) return;
        this.say(`${namespace}/${name} was not removed: ${(error as Error).message}`);
        await new Promise((done) => setTimeout(done, RETRY_MS));
      }
    }
  }
}
