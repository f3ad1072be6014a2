import { parseModuleCode } from '@biplane/kernel';
import type { KubernetesObject } from './kubernetes-object.js';
import { ANNOTATIONS, FIELD_MANAGER } from './labels.js';

/** What the annotations of a home's namespace say, as the cluster returned them. */
export interface NamespaceAnnotations {
  /** Empty when nobody can read them. */
  readonly modules: readonly string[];
  readonly suspendedAt: Date | null;
  /** Why they are no evidence: absent, other than an apply spells them, or not written by one; null when they are. */
  readonly flaw: string | null;
}

type Members = Readonly<Record<string, unknown>>;

/**
 * Strict: what is not spelled exactly as an apply does was not written by one. What can be read although somebody else wrote it is
 * given back with that flaw. A suspension that was taken out by hand reads as one that never was: no manager owns what is not there.
 */
export function readAnnotations(namespace: KubernetesObject): NamespaceAnnotations {
  const { annotations = {} } = namespace.metadata;
  const [modulesText, suspendedText] = [annotations[ANNOTATIONS.modules], annotations[ANNOTATIONS.suspendedAt]];
  const modules = modulesText === undefined ? null : modulesOf(modulesText);
  const suspendedAt = suspendedText === undefined ? null : instantOf(suspendedText);
  const flaws = [
    ...(modulesText === undefined ? [`${ANNOTATIONS.modules} is absent`] : []),
    ...(modulesText !== undefined && modules === null ? [unreadable(ANNOTATIONS.modules, modulesText)] : []),
    ...(suspendedText !== undefined && suspendedAt === null
      ? [unreadable(ANNOTATIONS.suspendedAt, suspendedText)]
      : []),
    ...[ANNOTATIONS.modules, ANNOTATIONS.suspendedAt].flatMap((name) =>
      name in annotations ? foreignHand(namespace, name) : [],
    ),
  ];
  // By code points: whoever keeps it gets no half of a character.
  const flaw = [...flaws.join('; ')].slice(0, FLAW_LENGTH_MAX).join('');
  return { modules: modules ?? [], suspendedAt, flaw: flaw || null };
}

const FLAW_LENGTH_MAX = 500;
const SHOWN_LENGTH_MAX = 80;
const shown = (text: string): string => JSON.stringify(text.slice(0, SHOWN_LENGTH_MAX));
const unreadable = (name: string, value: string): string => `${name} cannot be read: ${shown(value)}`;

function modulesOf(text: string): readonly string[] | null {
  const codes = text === '' ? [] : text.split(',');
  const isSpelled = codes.every((code, at) => parseModuleCode(code).ok && (at === 0 || codes[at - 1]! < code));
  return isSpelled ? codes : null;
}

/** Of years that every database takes. */
function instantOf(text: string): Date | null {
  const instant = new Date(text);
  return /^[12]/.test(text) && !Number.isNaN(instant.getTime()) && instant.toISOString() === text ? instant : null;
}

/** Nobody's when nothing is kept of managers: files have none. */
function foreignHand({ metadata: { managedFields = [] } }: KubernetesObject, name: string): string[] {
  const owners = managedFields.filter(({ fieldsV1 }) => owns(fieldsV1, ['f:metadata', 'f:annotations', `f:${name}`]));
  if (managedFields.length === 0 || owners.some(isOurs)) return [];
  const managers = owners.map(({ manager = '' }) => shown(manager)).sort();
  return [`${name} was written by ${managers.join(', ') || 'nobody known'}`];
}

const isOurs = ({ manager, operation }: { readonly manager?: string; readonly operation?: string }): boolean =>
  manager === FIELD_MANAGER && operation === 'Apply';

function owns(fields: unknown, path: readonly string[]): boolean {
  const found = path.reduce<unknown>((at, name) => (at as Members | null | undefined)?.[name], fields);
  return found !== undefined;
}
