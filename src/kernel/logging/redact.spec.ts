import { describe, expect, it } from '@jest/globals';
import { Secret } from '../crypto/secret.js';
import { redact, REDACTED } from './redact.js';

describe('redact', () => {
  it.each([
    'password',
    'new_password',
    'currentPassword',
    'passphrase',
    'password_hash',
    'token',
    'session_token',
    'refreshToken',
    'secret',
    'client_secret',
    'secretHash',
    'authorization',
    'Authorization',
    'cookie',
    'set-cookie',
    'api_key',
    'apiKey',
    'api-key',
    'credential',
    'code',
    'otp',
    'totpSeed',
    'privateKey',
    'private_sealed',
    'sealed',
    'codeHash',
  ])('R301: the value of %s is not logged, however deep it lies', (name) => {
    const logged = JSON.stringify(redact({ [name]: 'marker', deep: [{ [name]: { inner: 'marker' } }] }));
    expect(logged).not.toContain('marker');
    expect(logged).toContain(REDACTED);
  });

  it.each(['email', 'mail', 'Email', 'phone', 'first_name', 'lastName', 'username', 'identifier', 'to'])(
    'personal data is logged by id: %s is not',
    (name) => {
      expect(redact({ [name]: 'marker' })).toEqual({ [name]: REDACTED });
    },
  );

  it('what helps to find a failure stays', () => {
    const fields = {
      user_id: 'ausr_1',
      status: 503,
      route: '/v1/me',
      error_code: 'x',
      ok: true,
      nothing: null,
      tokens_ended: undefined,
    };
    expect(redact(fields)).toMatchObject({
      user_id: 'ausr_1',
      status: 503,
      route: '/v1/me',
      error_code: 'x',
      ok: true,
      nothing: null,
    });
  });

  it('R301: of an error only its name, message, code, constraint and stack are logged, and its causes', () => {
    const driver = Object.assign(new Error('duplicate key'), {
      code: '23505',
      constraint: 'users_email_key',
      detail: 'Key (email)=(marker@a.example) already exists.',
      parameters: ['marker'],
      query: 'marker',
    });
    const logged = redact({ error: new Error('outer', { cause: driver }) }) as {
      error: { stack: string; cause: object };
    };
    expect(JSON.stringify(logged)).not.toContain('marker');
    expect(logged.error.cause).toEqual({
      name: 'Error',
      message: 'duplicate key',
      code: '23505',
      constraint: 'users_email_key',
    });
  });

  it('an error that is logged shows where it was thrown, as it is and as a field', () => {
    const error = new Error('boom');
    expect(redact(error)).toMatchObject({ stack: expect.stringContaining('redact.spec') });
    expect(redact({ error })).toMatchObject({ error: { stack: expect.stringContaining('redact.spec') } });
  });

  it('size is bounded: long texts, long lists, many members, deep nesting, circles', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const logged = JSON.stringify(
      redact({
        text: 'x'.repeat(100_000),
        list: Array.from({ length: 10_000 }, () => 'y'),
        wide: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [i, i])),
        circle,
      }),
    );
    expect(logged.length).toBeLessThan(5_000);
  });

  it('an error that causes itself does not hang the logger', () => {
    const error = new Error('loop');
    error.cause = error;
    expect(JSON.stringify(redact(error)).length).toBeLessThan(20_000);
  });

  it('R301: values that hide something give nothing away', () => {
    const logged = JSON.stringify(
      redact({
        a: new Secret('marker'),
        b: Buffer.from('marker'),
        c: new URL('https://u:marker@a.example/?marker'),
        d: new Map([['marker', 1]]),
      }),
    );
    expect(logged).not.toContain('marker');
    expect(logged).not.toContain(Buffer.from('marker').toString('base64'));
  });

  it('times and big integers are written as text', () => {
    expect(redact({ at: new Date(0), big: 12n })).toEqual({ at: '1970-01-01T00:00:00.000Z', big: '12' });
  });

  it('what is logged is not changed', () => {
    const fields = { password: 'x', deep: { list: [1, 2] } };
    redact(fields);
    expect(fields).toEqual({ password: 'x', deep: { list: [1, 2] } });
  });
});
