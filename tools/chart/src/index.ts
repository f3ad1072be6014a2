export { helm, helmBinary, helmOrThrow, kubeVersion, type HelmOptions, type HelmResult } from './helm.js';
export { chartFolder, root, valuesFile, variants, type Variant } from './places.js';
export {
  byKind,
  one,
  parseManifests,
  podTemplate,
  render,
  type Container,
  type Manifest,
  type PodSpec,
  type PodTemplate,
} from './render.js';
