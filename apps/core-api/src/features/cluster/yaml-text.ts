import { stringify } from 'yaml';
import type { KubernetesObject } from './domain/kubernetes-object.js';

/** One document, the same for the same object: members in order of their names, no line broken, nothing by reference. */
export function yamlText(object: KubernetesObject): string {
  return stringify(object, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false, singleQuote: true });
}
