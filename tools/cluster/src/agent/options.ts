import { access, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { BackOffRule } from '../pods/back-off.js';
import type { ImageMap } from '../pods/images.js';

export interface AgentOptions {
  /** Of the node agent's user. */
  readonly kubeconfig: string;
  /** The name of its Node. */
  readonly node: string;
  /** Pods' folders, logs and the names of services stand in it: ours alone. */
  readonly folder: string;
  /** The repository's root: processes run from its built tree. */
  readonly root: string;
  readonly images: ImageMap;
  readonly backOff?: BackOffRule;
}

const NAME = 'ready';

/** Says to whoever started the agent that its Node is Ready. */
export const agentReadyFile = {
  /** Of an agent that had this node before. */
  remove: (folder: string) => rm(path.join(folder, NAME), { force: true }),
  write: (folder: string) => writeFile(path.join(folder, NAME), ''),
  isThere: (folder: string) =>
    access(path.join(folder, NAME)).then(
      () => true,
      () => false,
    ),
};
