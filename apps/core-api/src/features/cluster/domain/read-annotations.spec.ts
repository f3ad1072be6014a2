import { describe, expect, it } from '@jest/globals';
import { clusterSettings, homeSpec } from '../../../testing/cluster/home-fixture.js';
import { desiredObjects } from '../desired-objects.js';
import { ANNOTATIONS, FIELD_MANAGER } from './labels.js';
import { readAnnotations } from './read-annotations.js';

const { modules: MODULES, suspendedAt: SUSPENDED_AT } = ANNOTATIONS;
const managed = (manager: string, operation: string, ...names: readonly string[]) => ({
  manager,
  operation,
  fieldsV1: { 'f:metadata': { 'f:annotations': Object.fromEntries(names.map((name) => [`f:${name}`, {}])) } },
});
const read = (annotations: Record<string, string>, managedFields: readonly object[] = []) =>
  readAnnotations({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 't-1', annotations, managedFields } });
const ours = managed(FIELD_MANAGER, 'Apply', MODULES, SUSPENDED_AT);
const at = '2027-03-01T10:00:00.000Z';

describe('the annotations of a namespace', () => {
  it('are read back as they were written', () => {
    const spec = homeSpec({ suspendedAt: new Date(at), modules: ['b', 'a'] });
    const [namespace] = desiredObjects(spec, clusterSettings());
    const { annotations = {} } = namespace!.metadata;
    const suspended = { modules: ['a', 'b'], suspendedAt: new Date(at), flaw: null };
    expect(read(annotations)).toEqual(suspended);
    expect(read(annotations, [managed('kubectl-edit', 'Update'), ours])).toEqual(suspended);
    expect(read({ [MODULES]: '' }, [ours])).toEqual({ modules: [], suspendedAt: null, flaw: null });
  });

  it.each([
    ['nobody wrote', {}, [], `${MODULES} is absent`],
    ['are not in their order', { [MODULES]: 'b,a' }, [], `${MODULES} cannot be read: "b,a"`],
    ['name one twice', { [MODULES]: 'a,a' }, [], `${MODULES} cannot be read: "a,a"`],
    ['are no codes', { [MODULES]: 'Financials' }, [], `${MODULES} cannot be read: "Financials"`],
    ['have a space', { [MODULES]: 'a, b' }, [], `${MODULES} cannot be read: "a, b"`],
    ['end in a comma', { [MODULES]: 'a,' }, [], `${MODULES} cannot be read: "a,"`],
    [
      'are long and strange',
      { [MODULES]: '\u0000'.repeat(90) },
      [],
      `${MODULES} cannot be read: "${'\\u0000'.repeat(80)}"`,
    ],
  ])('tell nothing of modules that %s', (_, annotations, managers, flaw) => {
    const { modules, flaw: told } = read(annotations as Record<string, string>, managers);
    expect([modules, told]).toEqual([[], flaw.slice(0, 500)]);
  });

  it.each([
    'yesterday',
    '2027-03-01',
    '2027-03-01T10:00:00Z',
    '2027-02-30T10:00:00.000Z',
    '0000-01-01T00:00:00.000Z',
    '',
  ])('tell nothing of a suspension since "%s"', (text) => {
    const flaw = `${SUSPENDED_AT} cannot be read: ${JSON.stringify(text)}`;
    expect(read({ [MODULES]: 'a', [SUSPENDED_AT]: text })).toEqual({ modules: ['a'], suspendedAt: null, flaw });
  });

  it.each([
    [
      'edited',
      [managed(FIELD_MANAGER, 'Apply', SUSPENDED_AT), managed('kubectl-edit', 'Update', MODULES)],
      '"kubectl-edit"',
    ],
    [
      'updated under our name',
      [managed(FIELD_MANAGER, 'Update', MODULES), managed('x', 'Apply', SUSPENDED_AT)],
      `"${FIELD_MANAGER}"`,
    ],
    ['written by nobody that is kept', [managed(FIELD_MANAGER, 'Apply', SUSPENDED_AT)], 'nobody known'],
  ])('that were %s are shown as they are, with who wrote them', (_, managers, manager) => {
    const seen = read({ [MODULES]: 'a,b' }, managers);
    expect(seen).toEqual({ modules: ['a', 'b'], suspendedAt: null, flaw: `${MODULES} was written by ${manager}` });
  });
});
