import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { HELM_VERSION, KUBERNETES_VERSION, type Binary } from './versions.js';

const run = promisify(execFile);
const BUILD_TIMEOUT_MS = 45 * 60_000;

export const GO_IS_MISSING =
  'Install Go 1.24 or newer (https://go.dev/dl), or set KUBEBUILDER_ASSETS to a folder with it, or KUBECONFIG to a cluster of yours';

/** Builds one binary of the control plane from its published modules, whose sums stand in go/go.sum. */
export async function buildBinary(
  binary: Binary,
  output: string,
  go: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const stamp = (variable: string, value: string) => ['-trimpath', '-ldflags', `-s -w -X ${variable}=${value}`];
  const options = {
    cwd: fileURLToPath(new URL('../../go', import.meta.url)),
    env: { ...environment, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOBIN: path.dirname(output) },
    timeout: BUILD_TIMEOUT_MS,
    maxBuffer: 1 << 26,
  };
  const args =
    binary === 'helm'
      ? // A command of a module of its own, with other versions of the same libraries.
        [
          'install',
          ...stamp('helm.sh/helm/v3/internal/version.version', HELM_VERSION),
          `helm.sh/helm/v3/cmd/helm@${HELM_VERSION}`,
        ]
      : [
          'build',
          ...stamp('k8s.io/component-base/version.gitVersion', KUBERNETES_VERSION),
          '-o',
          output,
          `./${binary}`,
        ];
  await run(go, args, options);
}
