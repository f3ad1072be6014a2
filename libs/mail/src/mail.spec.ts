import { describe, expect, it } from '@jest/globals';
import { ATTEMPTS_MAX, nextMailAttemptAt } from './mail-schedule.js';
import { parseMailFrom, parseMailUrl } from './mail-settings.js';
import { attachmentName, headerText, isMailAddress } from './mail-text.js';

describe('mail addresses', () => {
  it.each([
    ['ops@acme.example', true, 'an address'],
    ['ops+bills@mail.acme.example', true, 'with a tag'],
    ['ops@acme.example, all@acme.example', false, 'two'],
    ['Ops <ops@acme.example>', false, 'with a name'],
    ['ops@acme.example\r\nBcc: all@acme.example', false, 'with a header'],
    ['ops@acme.example\u0000', false, 'with a control character'],
    ['"a b"@acme.example', false, 'quoted'],
    [`${'a'.repeat(250)}@acme.example`, false, 'too long'],
    ['ops', false, 'none'],
  ])('%j: %s, %s', (text, expected) => {
    expect(isMailAddress(text)).toBe(expected);
  });
});

describe('texts of headers', () => {
  it('have one line, whatever they are given', () => {
    expect(headerText('Invoice\r\nBcc: all@acme.example\u2028\u0085x')).toBe('Invoice Bcc: all@acme.example x');
    expect(attachmentName('../INV-2026-000042"\r\n.pdf')).toBe('.._INV-2026-000042_ .pdf');
  });
});

describe('where mail goes', () => {
  it.each([
    ['smtp://mail.internal', { kind: 'smtp', host: 'mail.internal', port: 587, tls: 'starttls' }],
    ['smtps://mail.internal', { kind: 'smtp', host: 'mail.internal', port: 465, tls: 'implicit' }],
    ['smtp://[::1]:2525?tls=none', { kind: 'smtp', host: '::1', port: 2525, tls: 'none' }],
    ['file:///var/mail-out', { kind: 'files', folder: '/var/mail-out' }],
  ])('%s is %j', (url, expected) => {
    expect(parseMailUrl(url)).toEqual(expected);
  });

  it.each([
    ['smtp://mail.internal?tls=none', 'in clear over a network'],
    ['smtp://user:secret@mail.internal', 'a password in the environment'],
    ['smtps://localhost?tls=none', 'a contradiction'],
    ['smtp://mail.internal?verify=no', 'an option that there is not'],
    ['smtp://mail.internal/path', 'a path'],
  ])('%s is refused: %s', (url) => {
    expect(() => parseMailUrl(url)).toThrow('MAIL_URL');
  });

  it.each([undefined, 'Biplane <billing@biplane.example>', 'billing'])('comes from no %s', (from) => {
    expect(() => parseMailFrom(from)).toThrow('MAIL_FROM');
  });
});

describe('what failed', () => {
  const now = new Date('2026-05-01T00:00:00Z');

  it('is tried again after growing waits, and is dead after the last attempt', () => {
    const waits = Array.from({ length: ATTEMPTS_MAX }, (_, index) => nextMailAttemptAt(index + 1, now, 1));
    expect(waits.map((at) => at && (at.getTime() - now.getTime()) / 1_000)).toEqual([
      30, 120, 480, 1_920, 7_680, 21_600, 21_600, 21_600, 21_600, null,
    ]); // prettier-ignore
    expect(nextMailAttemptAt(1, now, 0)).toEqual(new Date(now.getTime() + 15_000));
  });
});
