import { findCommand } from '@biplane/stack';
import { howToFind } from './binaries.js';
import { GO_IS_MISSING } from './go-build.js';
import { KUBERNETES_VERSION } from './versions.js';

export interface BinariesFinding {
  readonly good: boolean;
  readonly detail: string;
}

/** Where the control plane's programs would come from, without fetching anything: for the doctor. */
export async function binariesFinding(environment: NodeJS.ProcessEnv, root: string): Promise<BinariesFinding> {
  if (environment['KUBECONFIG']) return { good: true, detail: 'not needed, KUBECONFIG is set' };
  const names = ['kube-apiserver', 'kube-controller-manager', 'etcd'] as const;
  const sources = await Promise.all(names.map((name) => howToFind(name, environment, root)));
  const isBuilt = sources.some(({ from }) => from === 'go');
  if (isBuilt && !findCommand('go', environment)) return { good: false, detail: GO_IS_MISSING };
  const told = names.map((name, index) => `${name} from ${sources[index]?.from}`).join(', ');
  return { good: true, detail: `${KUBERNETES_VERSION}: ${told}` };
}
