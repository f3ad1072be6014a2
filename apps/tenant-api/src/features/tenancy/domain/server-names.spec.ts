import { describe, expect, it } from '@jest/globals';
import { tenantDatabaseName, tenantRoleNames } from '@biplane/licensing';
import { quoteName, serverNames } from './server-names.js';

const hostile = [
  '',
  ' ',
  'tenant',
  'TENANT_A',
  'tenant"; DROP DATABASE postgres; --',
  "tenant'--",
  'tenant;',
  'tenant a',
  'tenаnt_a', // a Cyrillic а
  'tenant\u0000a',
  'tenant\na',
  'tenant_' + 'a'.repeat(60),
  '$(id)',
  '../../etc',
  '１２３',
  '0199-0000',
];
const variants = hostile.flatMap((text) => [
  text,
  `${text}"`,
  `"${text}`,
  `${text}\\`,
  `${text};--`,
  text.toUpperCase(),
]);

describe('names on the database server', () => {
  it('E6: no hostile text becomes a name', () => {
    const names = variants.filter((text) => !/^[a-z][a-z0-9_]{0,62}$/.test(text));
    expect(names.length).toBeGreaterThan(80);
    for (const text of names) {
      expect(() => quoteName(text)).toThrow(TypeError);
      expect(() => tenantDatabaseName(text)).toThrow(TypeError);
      expect(() => tenantRoleNames(text)).toThrow(TypeError);
      expect(() => serverNames(text, '0'.repeat(16))).toThrow(TypeError);
    }
    expect(() => serverNames('0199aaaa-0000-7000-8000-000000000001', 'x; DROP')).toThrow(TypeError);
    expect(() => quoteName(['tenant_a'] as unknown as string)).toThrow(TypeError);
  });

  it('every name of a home fits the 63 bytes of PostgreSQL', () => {
    const names = serverNames('0199aaaa-0000-7000-8000-000000000001', 'f'.repeat(16));
    for (const name of Object.values(names)) {
      expect(name.length).toBeLessThanOrEqual(63);
      expect(quoteName(name)).toBe(`"${name}"`);
    }
  });
});
