import { parseAllDocuments } from 'yaml';
import { helmOrThrow, kubeVersion } from './helm.js';
import { chartFolder, valuesFile, type Variant } from './places.js';

export interface PodTemplate {
  readonly metadata?: { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec: PodSpec;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes?: readonly Record<string, unknown>[];
  readonly terminationGracePeriodSeconds?: number;
  readonly [key: string]: unknown;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env?: readonly EnvironmentVariable[];
  readonly [key: string]: unknown;
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: Record<string, unknown>;
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly spec?: Record<string, unknown>;
  readonly data?: Record<string, string>;
  readonly rules?: readonly unknown[];
}

const rendered = new Map<string, Promise<Manifest[]>>();

/** What `helm install` would send to a cluster. The same question is asked of helm once. */
export function render(variant: Variant, sets: readonly string[] = [], namespace = 'biplane'): Promise<Manifest[]> {
  const values = ['--values', valuesFile(variant), ...sets.flatMap((set) => ['--set', set])];
  const args = ['template', 'bp', chartFolder, '--namespace', namespace, ...kubeVersion, ...values];
  const key = args.join(' ');
  const known = rendered.get(key) ?? helmOrThrow(args).then(parseManifests);
  rendered.set(key, known);
  return known;
}

export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text, { uniqueKeys: true }).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(`the chart rendered no YAML: ${document.errors.join('; ')}`);
    const manifest = document.toJS() as Manifest | null;
    return manifest ? [manifest] : [];
  });
}

/** The pods that a manifest is or makes. */
export function podTemplate({ kind, spec, metadata }: Manifest): PodTemplate | null {
  if (kind === 'Pod') return { metadata, spec: spec as unknown as PodSpec };
  if (kind === 'Deployment' || kind === 'Job') return (spec as { template: PodTemplate }).template;
  return null;
}

export const byKind = (manifests: readonly Manifest[], kind: string): Manifest[] =>
  manifests.filter((manifest) => manifest.kind === kind);

export function one(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (found.length !== 1 || !found[0]) throw new Error(`expected one ${kind} ${name}, found ${found.length}`);
  return found[0];
}
