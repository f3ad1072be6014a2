import { describe, expect, it } from '@jest/globals';
import { sourceOf, type Surroundings } from './binaries.js';
import type { Binary } from './versions.js';

const around = (there: string[], more: Partial<Surroundings> = {}): Surroundings => ({
  environment: {},
  cache: '/cache',
  root: '/clone/biplane',
  canInstallPackages: false,
  onPath: () => null,
  isThere: (file) => there.includes(file),
  ...more,
});
const given = { environment: { KUBEBUILDER_ASSETS: '/assets' } };
const unpack = '/clone/shared/cluster/unpack';

describe('where the binaries come from', () => {
  it.each<[string, Binary, Surroundings, object]>([
    [
      'what is given',
      'kube-apiserver',
      around(['/assets/kube-apiserver', '/cache/kube-apiserver'], given),
      { from: 'KUBEBUILDER_ASSETS' },
    ],
    [
      'the cache where less is given',
      'helm',
      around(['/assets/kube-apiserver', '/cache/helm'], given),
      { from: 'cache' },
    ],
    ['the cache before unpacking', 'helm', around(['/cache/helm', unpack]), { from: 'cache', file: '/cache/helm' }],
    ['unpacking before building', 'helm', around([unpack]), { from: 'unpack', script: unpack, folder: '/cache' }],
    ['building, last', 'kube-controller-manager', around([]), { from: 'go', file: '/cache/kube-controller-manager' }],
    ['etcd of the system', 'etcd', around(['/cache/etcd'], { onPath: () => '/usr/bin/etcd' }), { from: 'PATH' }],
    ['etcd that was built', 'etcd', around(['/cache/etcd'], { canInstallPackages: true }), { from: 'cache' }],
    ['the package of etcd', 'etcd', around([], { canInstallPackages: true }), { from: 'package' }],
    ['etcd by building', 'etcd', around([]), { from: 'go' }],
  ])('takes %s', (_, binary, surroundings, source) => {
    expect(sourceOf(binary, surroundings)).toMatchObject(source);
  });
});
