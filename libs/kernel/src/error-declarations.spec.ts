import { describe, expect, it } from '@jest/globals';
import { allErrorDeclarations, declareErrors } from './error-declarations.js';
import { RefusalError } from './refusal-error.js';
import { err, ok, orThrow } from './result.js';

const shape = { status: 409, title: 'The slug is taken', help: 'Choose another.' };
const TestErrors = declareErrors('TEST', { SLUG_TAKEN: shape, BUSY: { ...shape, status: 503 } });

describe('declareErrors', () => {
  it('makes failures that carry what was declared and what happened', () => {
    expect(TestErrors.SLUG_TAKEN({ detail: 'acme is taken' })).toStrictEqual({
      code: 'TEST.SLUG_TAKEN',
      status: 409,
      title: 'The slug is taken',
      detail: 'acme is taken',
    });
    const errors = [{ pointer: '/slug', code: 'TEST.SLUG_TAKEN', detail: 'taken' }];
    const given = { detail: 'busy', errors, members: { allowed: [] }, retryAfterSeconds: 0 };
    expect(TestErrors.BUSY(given)).toMatchObject({ status: 503, ...given });
  });

  it('lists every declaration once, sorted by code', () => {
    const codes = allErrorDeclarations().map((declaration) => declaration.code);
    expect(codes).toEqual([...codes].sort());
    expect(codes.filter((code) => code === 'TEST.SLUG_TAKEN')).toHaveLength(1);
    expect(TestErrors.declarations).toContainEqual({ code: 'TEST.SLUG_TAKEN', ...shape });
  });

  it.each([
    ['TEST', 'SLUG_TAKEN', 409, 'declared twice'],
    ['test', 'NEW', 409, 'Malformed'],
    ['TEST', 'new', 409, 'Malformed'],
    ['TEST', 'FINE', 399, 'status 399'],
    ['TEST', 'FINE', 600, 'status 600'],
  ])('throws while loading for %s.%s with status %i', (namespace, subcode, status, message) => {
    expect(() => declareErrors(namespace, { [subcode]: { ...shape, status } })).toThrow(message);
  });
});

describe('orThrow', () => {
  it('gives the value, or throws the failure whole', () => {
    const failure = TestErrors.BUSY({ detail: 'later' });
    expect(orThrow(ok(5))).toBe(5);
    expect(() => orThrow(err(failure))).toThrow(RefusalError);
    expect(() => orThrow(err(failure))).toThrow('TEST.BUSY: later');
    expect(new RefusalError(failure).failure).toBe(failure);
  });
});
