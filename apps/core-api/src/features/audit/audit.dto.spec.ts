import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { AuditVerifyQuery } from './audit.dto.js';

describe('the query of a verification', () => {
  it.each([
    ['0', []],
    ['9007199254740991', []],
    ['9007199254740992', ['after']],
    ['99999999999999999999999', ['after']],
    ['-1', ['after']],
  ])('takes no number of a link that cannot be: %s', (after, wrong) => {
    const errors = validateSync(plainToInstance(AuditVerifyQuery, { after }));
    expect(errors.map(({ property }) => property)).toEqual(wrong);
  });
});
