import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { validate } from 'class-validator';
import { GateCheckRequest } from './license.dto.js';

const question = { deploymentId: '019d4431-af3d-7881-9f45-2821444d9094', action: 'financials:automated_billing' };
const problems = async (body: object): Promise<string[]> =>
  (await validate(Object.assign(new GateCheckRequest(), question, body))).map(({ property }) => property);

describe('a question to the gate', () => {
  it.each(['meter', 'quantity', 'reserve', 'idempotencyKey'])('may leave out %s, and not say null', async (member) => {
    expect(await problems({})).toEqual([]);
    expect(await problems({ [member]: null })).toEqual([member]);
  });
});
