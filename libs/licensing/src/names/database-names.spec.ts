import { describe, expect, it } from '@jest/globals';
import {
  homeDatabaseName,
  homeRoleNames,
  isTenantDatabaseName,
  tenantDatabaseName,
  tenantRoleNames,
} from './database-names.js';

const ID = '0196fbd0-0000-7000-8000-00000000d001';
const HEX = '0196fbd000007000800000000000d001';

const seeds = [
  '',
  ' ',
  '"',
  "'",
  ';',
  '--',
  '/*',
  '\\',
  '\u0000',
  '\n',
  '$$',
  '%',
  '`',
  '{',
  '‐',
  'а',
  '０',
  'ﬀ',
  '😀',
  '\u202e',
];
/** Each seed before, inside, after and instead of a part of a true id, and repeated past 63 bytes. */
const hostileNames: unknown[] = [
  ...seeds.flatMap((seed) => [
    ...(seed === '' ? ['tenant', HEX, `{${ID}}`] : [seed + ID, ID + seed, `${ID.slice(0, 18)}${seed}${ID.slice(19)}`]),
    ID.replaceAll('-', seed),
    `${ID.slice(0, -1)}${seed}`,
    `tenant_${HEX}${seed}`,
    `"; DROP DATABASE postgres; --${seed}`,
    `' OR '1'='1${seed}`,
    `${seed}${'a'.repeat(64)}`,
    `../${seed}${ID}`,
  ]),
  ID.toUpperCase(),
  ID.slice(0, -1),
  `${ID}0`,
  ID.replaceAll('-', '--'),
  ID.replace('0', 'g'),
  null,
  undefined,
  7,
  {},
  [ID],
  { toString: () => ID },
];

describe('database names', () => {
  it('a name is a prefix and the 32 hex digits of the id', () => {
    expect(tenantDatabaseName(ID)).toBe(`tenant_${HEX}`);
    expect(homeDatabaseName(ID)).toBe(`home_${HEX}`);
    expect(tenantRoleNames(ID)).toEqual({ owner: `tenant_${HEX}_owner`, runtime: `tenant_${HEX}` });
    expect(homeRoleNames(ID)).toMatchObject({ provisioner: `provisioner_${HEX}` });
  });

  it('every name fits the 63 bytes of PostgreSQL and needs no quoting', () => {
    const names = [...Object.values(tenantRoleNames(ID)), ...Object.values(homeRoleNames(ID)), homeDatabaseName(ID)];
    for (const name of names) expect(name).toMatch(/^[a-z_0-9]{1,63}$/);
  });

  it('E6: 200 hostile names are refused, none becomes a name', () => {
    expect(new Set(hostileNames).size).toBeGreaterThanOrEqual(200);
    for (const name of hostileNames) {
      for (const make of [tenantDatabaseName, homeDatabaseName, tenantRoleNames, homeRoleNames]) {
        expect(() => make(name as string)).toThrow(TypeError);
      }
    }
  });

  it('a name is recognized whole', () => {
    expect(isTenantDatabaseName(`tenant_${HEX}`)).toBe(true);
    expect([`tenant_${HEX}\n`, `tenant_${HEX}_owner`, 'postgres', [`tenant_${HEX}`]].some(isTenantDatabaseName)).toBe(
      false,
    );
  });
});
