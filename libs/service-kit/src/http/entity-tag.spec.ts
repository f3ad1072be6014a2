import { describe, expect, it } from '@jest/globals';
import { RefusalError } from '@biplane/kernel';
import { entityTagOf, parseIfMatch } from './entity-tag.js';

const shown = { id: 'a', name: 'Acme' };
const TAG = entityTagOf(shown);
const codeOf = (work: () => void): string | null => {
  try {
    work();
    return null;
  } catch (error) {
    return (error as RefusalError).failure.code;
  }
};

describe('entity tags', () => {
  it('are quoted, the same for the same answer, and others for any other', () => {
    expect(TAG).toMatch(/^"[A-Za-z0-9_-]{27}"$/);
    expect(entityTagOf({ id: 'a', name: 'Acme' })).toBe(TAG);
    expect(entityTagOf({ id: 'a', name: 'Acme ' })).not.toBe(TAG);
  });

  it.each([
    ['no header', undefined, null],
    ['the tag', TAG, null],
    ['any', '*', null],
    ['one of several', `"x", ${TAG} ,W/"y"`, null],
    ['another tag', '"x"', 'REQUEST.CHANGED'],
    ['the tag as a weak one', `W/${TAG}`, 'REQUEST.CHANGED'],
    ['an empty tag', '""', 'REQUEST.CHANGED'],
    ['a tag without quotes', TAG.slice(1, -1), 'REQUEST.MALFORMED'],
    ['nothing', '', 'REQUEST.MALFORMED'],
    ['a list with a hole', `${TAG},,"x"`, 'REQUEST.MALFORMED'],
    ['any among others', `*, ${TAG}`, 'REQUEST.MALFORMED'],
  ])('If-Match with %s', (_what, header, code) => {
    expect(codeOf(() => parseIfMatch(header).holds(shown))).toBe(code);
  });

  it.each([
    [undefined, null],
    ['*', 'REQUEST.CHANGED'],
    [TAG, 'REQUEST.CHANGED'],
  ])('before there is anything, If-Match of %s', (header, code) => {
    expect(codeOf(() => parseIfMatch(header).holds(null))).toBe(code);
  });
});
