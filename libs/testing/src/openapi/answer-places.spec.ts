import { describe, expect, it } from '@jest/globals';
import { answersWithoutPlace } from './answer-places.js';

const text = { type: 'string' };
const made = {
  type: 'object',
  required: ['id', 'run', 'last'],
  properties: {
    id: text,
    name: text,
    run: { $ref: '#/components/schemas/Run' },
    last: { anyOf: [{ $ref: '#/components/schemas/Run' }, { type: 'null' }] },
  },
};
const components = { schemas: { Made: made, Run: { type: 'object', required: ['id'], properties: { id: text } } } };
const schema = { $ref: '#/components/schemas/Made' };
const answer = (place?: string) => ({
  content: { 'application/json': { schema } },
  ...(place !== undefined && { headers: { Location: { description: `${place}, with members of the answer` } } }),
});
const found = (status: number, place?: string, more: object = {}) =>
  answersWithoutPlace({
    components,
    paths: {
      '/things': { post: { responses: { [status]: answer(place) } }, ...more },
      '/runs/{id}': { get: { responses: {} } },
    },
  });

describe('answers without a place to look', () => {
  it.each([
    ['none is named', 202, undefined, {}],
    ['the list that is read says not how far it is', 202, undefined, { get: { responses: {} } }],
    ['no route is read there', 202, '/walks/{id}', {}],
    ['the answer has no such member', 202, '/runs/{code}', {}],
    ['the answer may lack the member', 202, '/runs/{name}', {}],
    ['a member is no text', 202, '/runs/{run}', {}],
    ['nothing lists what was made', 201, undefined, {}],
  ])('are told: %s', (_, status, place, more) => {
    expect(found(status, place, more)).toEqual([`POST /things: ${status}`]);
  });

  it.each([
    ['a run of the answer', 202, '/runs/{run.id}', {}],
    ['a run that only such an answer has', 202, '/runs/{last.id}', {}],
    ['the thing itself', 201, '/runs/{id}', {}],
    ['the list that it was put into', 201, undefined, { get: { responses: {} } }],
    ['nothing that is made', 200, undefined, {}],
  ])('are not: %s', (_, status, place, more) => {
    expect(found(status, place, more)).toEqual([]);
  });
});
