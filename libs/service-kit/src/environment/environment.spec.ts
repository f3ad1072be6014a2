import { describe, expect, it } from '@jest/globals';
import { kafkaVariables, postgresUrl, proxyVariables, serviceVariables } from './common-variables.js';
import { EnvironmentError, envReference, loadEnv } from './environment.js';
import { parseFaultPoints } from './fault-points.js';
import { integer, list, optional, text } from './variables.js';

const GOOD = { HTTP_PORT: '8080', CLIENTS_FILE: 'c', TOKEN_KEY_FILE: 't', FIELD_KEYS_FILE: 'f' };
const mistakesOf = (load: () => unknown): readonly string[] => {
  try {
    load();
  } catch (error) {
    if (error instanceof EnvironmentError) return error.mistakes;
    throw error;
  }
  return [];
};

describe('the typed environment', () => {
  it('reads what is there, and defaults what may be left out', () => {
    const env = loadEnv(serviceVariables, { ...GOOD, LOG_LEVEL: '' });
    expect(env).toMatchObject({ HTTP_PORT: 8080, NODE_ENV: 'production', LOG_LEVEL: 'info' });
    expect(env.CLOCK_FILE).toBeUndefined();
  });

  it('reports all mistakes at once, and no value', () => {
    const spec = { ...serviceVariables, ...kafkaVariables, DATABASE: postgresUrl('the database') };
    const source = { ...GOOD, HTTP_PORT: '70000', KAFKA_BROKERS: 'host', KAFKA_USERNAME: 'u', DATABASE: 'hunter2' };
    const mistakes = mistakesOf(() => loadEnv(spec, source));
    expect(mistakes.map((mistake) => mistake.split(' ')[0])).toEqual([
      'HTTP_PORT',
      'KAFKA_BROKERS',
      'KAFKA_PASSWORD',
      'DATABASE',
    ]);
    expect(mistakes.join()).not.toContain('hunter2');
  });

  it('production refuses what moves time or kills processes', () => {
    const source = { ...GOOD, NODE_ENV: 'production', CLOCK_FILE: 'x', FAULT_POINTS: 'after_commit' };
    const refused = mistakesOf(() => loadEnv(serviceVariables, source));
    expect(refused.map((mistake) => mistake.split(' ')[0])).toEqual(['CLOCK_FILE', 'FAULT_POINTS']);
    expect(mistakesOf(() => loadEnv(serviceVariables, { ...source, NODE_ENV: 'test' }))).toEqual([]);
  });

  it('refuses repeated list entries and integers that are none', () => {
    const spec = { A: list({ help: 'a' }), B: integer({ help: 'b', max: 5 }), C: optional(text({ help: 'c' })) };
    expect(mistakesOf(() => loadEnv(spec, { A: 'x,x', B: '1e3' }))).toHaveLength(2);
    expect(loadEnv(spec, { A: 'x, y', B: '5' })).toEqual({ A: ['x', 'y'], B: 5, C: undefined });
  });

  it.each([
    ['10.0.0.0/8, 192.0.2.7', ['10.0.0.0/8', '192.0.2.7']],
    ['2001:db8::/32,::1', ['2001:db8::/32', '::1']],
    ['', undefined],
  ])('trusted proxies %j are %j', (text, trusted) => {
    expect(loadEnv(proxyVariables, { TRUSTED_PROXIES: text }).TRUSTED_PROXIES).toEqual(trusted);
  });

  it.each([
    '10.0.0',
    '10.0.0.256',
    '10.0.0.0/33',
    '0.0.0.0/0',
    '::/0',
    '::1/129',
    '10.0.0.0/8/8',
    'loopback',
    'proxy.internal',
    '1.2.3.4:80',
    'true',
    '1',
  ])('trusted proxies %j stop the start, which says the entry and not its text', (entry) => {
    const mistakes = mistakesOf(() => loadEnv(proxyVariables, { TRUSTED_PROXIES: `192.0.2.7,${entry}` }));
    expect(mistakes).toEqual([
      'TRUSTED_PROXIES must be addresses like 192.0.2.7 and networks like 10.0.0.0/8: entry 2 is neither',
    ]);
  });

  it('the reference names every variable, and comments out what may be left out', () => {
    const lines = envReference(serviceVariables).split('\n');
    expect(lines).toContain('HTTP_PORT=8080');
    expect(lines).toContain('# CLOCK_FILE=./clock.json');
    for (const name of Object.keys(serviceVariables)) expect(lines.join('\n')).toContain(`${name}=`);
  });

  it('a fault point is a name with an optional hit', () => {
    expect(parseFaultPoints('a_b:3, c')).toEqual(
      new Map([
        ['a_b', 3],
        ['c', 1],
      ]),
    );
    expect(parseFaultPoints('a b')).toBeNull();
    expect(parseFaultPoints('')).toEqual(new Map());
  });
});
