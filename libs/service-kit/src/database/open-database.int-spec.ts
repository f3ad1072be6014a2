import { describe, expect, it } from '@jest/globals';
import { testPostgresUrl } from '../spec-support/database.js';
import { openPool } from './open-database.js';

describe('a pool of connections', () => {
  it('a connection that the server ends the moment it is borrowed is told, and ends no process', async () => {
    const told: unknown[] = [];
    const pool = openPool({ url: testPostgresUrl(), clientFactory: () => null }, (error) => told.push(error));
    const client = await pool.connect();
    try {
      const ended = new Error('terminating connection due to administrator command');
      // Without a listener an EventEmitter throws the error itself.
      expect(() => client.emit('error', ended)).not.toThrow();
      expect(told).toEqual([ended]);
    } finally {
      client.release();
      await pool.end();
    }
  });
});
