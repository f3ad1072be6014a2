import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { pinoHttp } from 'pino-http';
import { loggingParams } from './logging.js';
import { scrubbedError, scrubText } from './scrub.js';

describe('what is scrubbed from a log', () => {
  it.each([
    ['postgresql://core:s3cret!@db.example:5432/core', 'postgresql://core:[redacted]@db.example:5432/core'],
    ['connect to redis://:s3cret!@redis:6379 failed', 'connect to redis://:[redacted]@redis:6379 failed'],
    ['sent Authorization: Bearer eyJhbGciOi.s3cret.x', 'sent Authorization: Bearer [redacted]'],
    ['Basic YWRtaW46czNjcmV0', 'Basic [redacted]'],
    ['signed with whsec_UzbA5A4G0Whv0Zg+cuM8eVpYWB3TGgHkdxKNNDOTeW8=', 'signed with [redacted]'],
    ['-----BEGIN EC PRIVATE KEY-----\ns3cret\n-----END EC PRIVATE KEY----- was refused', '[redacted] was refused'],
  ])('%j becomes %j', (text, scrubbed) => expect(scrubText(text)).toBe(scrubbed));

  it.each(['GET https://eu-1.example:8443/a@b', 'at 12:30 ops@acme.example', 'basic plan', 'a://b/c:d@e'])(
    '%j stays as it is',
    (text) => expect(scrubText(text)).toBe(text),
  );

  it('an error keeps its kind and loses its secrets, those of its cause too', () => {
    const cause = new Error('at postgresql://core:s3cret@db/core');
    const logged = scrubbedError(new TypeError('no connection', { cause }));
    expect(logged).toMatchObject({ type: 'TypeError' });
    expect(JSON.stringify(logged)).toContain('[redacted]');
    expect(JSON.stringify(logged)).not.toContain('s3cret');
  });

  it.each([
    [200, 30],
    [404, 30],
    [500, 50],
    [502, 50],
    [503, 40],
  ])('an answer of %i is logged at level %i: only what somebody has to repair is an error', (status, level) => {
    const lines: string[] = [];
    const service = { name: 'core-api', version: '0.1.0', instanceId: 'core-api-0' };
    const { pinoHttp: options } = loggingParams(service, 'info', { write: (line) => void lines.push(line) });
    const log = pinoHttp(...(options as Parameters<typeof pinoHttp>));
    const request = new IncomingMessage(new Socket());
    const response = new ServerResponse(request);
    log(request, response);
    response.statusCode = status;
    response.emit('finish');
    expect(lines.map((line) => (JSON.parse(line) as { level: number }).level)).toEqual([level]);
  });

  it('the log tells where a request came from as the service found it, and of its URL no query', () => {
    const lines: string[] = [];
    const service = { name: 'core-api', version: '0.1.0', instanceId: 'core-api-0' };
    const { pinoHttp: options } = loggingParams(service, 'info', { write: (line) => void lines.push(line) });
    const request = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: '/x?token=s3cret' });
    const response = new ServerResponse(request);
    pinoHttp(...(options as Parameters<typeof pinoHttp>))(Object.assign(request, { ip: '198.51.100.7' }), response);
    response.emit('finish');
    expect(JSON.parse(lines.join(''))).toMatchObject({ req: { method: 'GET', path: '/x', address: '198.51.100.7' } });
    expect(lines.join('')).not.toContain('s3cret');
  });

  it('the log of a service scrubs errors, wherever they are logged', () => {
    const lines: string[] = [];
    const service = { name: 'core-api', version: '0.1.0', instanceId: 'core-api-0' };
    const { pinoHttp: options } = loggingParams(service, 'info', { write: (line) => void lines.push(line) });
    const { logger } = pinoHttp(...(options as Parameters<typeof pinoHttp>));
    logger.error({ err: Object.assign(new Error('whsec_s3crets3cret'), { url: 'amqp://a:s3cret@b' }) }, 'failed');
    expect(lines.join('')).toContain('amqp://a:[redacted]@b');
    expect(lines.join('')).not.toContain('s3cret');
  });
});
