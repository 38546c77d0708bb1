import { describe, expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { ServiceUnavailable } from '../errors/common-problems.js';
import { defineProblem } from '../errors/problem.js';
import { mappingConstraints } from './constraint-problems.js';
import { isRetryable, isUnavailable, sqlState, translateDatabaseError, violatedConstraint } from './database-errors.js';

const Taken = defineProblem({ code: 'errors_spec_taken', kind: 'conflict', title: 'Taken', detail: 'taken' });

const driver = (fields: object, message = 'failed'): Error => Object.assign(new Error(message), fields);
const mapper = (error: Error): Error => new QueryFailedError('SELECT 1', [], error);

describe('database errors', () => {
  it('are read alike from the driver and from the mapper', () => {
    const error = driver({ code: '23505', constraint: 'users_email_key' });
    for (const thrown of [error, mapper(error)]) {
      expect([sqlState(thrown), violatedConstraint(thrown)]).toEqual(['23505', 'users_email_key']);
    }
    for (const other of [undefined, null, 'text', {}, new Error('x'), driver({ code: 5, constraint: null })]) {
      expect([sqlState(other), violatedConstraint(other)]).toEqual([undefined, undefined]);
    }
  });

  it.each(['40001', '40P01'])('%s means: the transaction may be tried again', (code) => {
    expect(isRetryable(driver({ code }))).toBe(true);
    expect(isRetryable(mapper(driver({ code })))).toBe(true);
  });

  it.each(['23505', '25P02', '57014', undefined])('%s does not', (code) => {
    expect(isRetryable(driver({ code }))).toBe(false);
  });

  it.each([
    ['a refused connection', { code: 'ECONNREFUSED' }],
    ['a reset connection', { code: 'ECONNRESET' }],
    ['a name that does not resolve', { code: 'ENOTFOUND' }],
    ['a resolver that is not up yet', { code: 'EAI_AGAIN' }],
    ['a host out of reach', { code: 'EHOSTUNREACH' }],
    ['a broken protocol', { code: '08P01' }],
    ['a server that starts or stops', { code: '57P03' }],
    ['an administrator’s end of the connection', { code: '57P01' }],
    ['too many connections', { code: '53300' }],
    ['a full disk', { code: '53100' }],
    ['a standby', { code: '25006' }],
    ['a lock that was not given', { code: '55P03' }],
    ['a statement that took too long', { code: '57014' }],
    ['a deadlock', { code: '40P01' }],
  ])('%s is answered 503: trying again can help', (_what, fields) => {
    expect(isUnavailable(mapper(driver(fields)))).toBe(true);
    expect(translateDatabaseError(driver(fields))).toMatchObject({
      code: 'service_unavailable',
      extras: { retry_after: 1 },
    });
  });

  it.each([
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'timeout exceeded when trying to connect',
    'Query read timeout',
    'Cannot use a pool after calling end on the pool',
    'Client has encountered a connection error and is not queryable',
  ])('so is what the driver says without a code: %s', (message) => {
    expect(isUnavailable(new Error(message))).toBe(true);
  });

  it('the driver’s words stay inside', () => {
    const translated = translateDatabaseError(driver({ code: 'ECONNREFUSED' }, 'connect to 10.0.0.5:5432')) as Error;
    expect(translated.message).not.toContain('10.0.0.5');
    expect(translated.cause).toMatchObject({ message: 'connect to 10.0.0.5:5432' });
  });

  it.each([driver({ code: '23505' }), driver({ code: '42601' }), new Error('a bug'), new TypeError('x'), 'text'])(
    '%p passes as it is',
    (error) => {
      expect(translateDatabaseError(error)).toBe(error);
    },
  );

  it('a problem passes as it is, whatever caused it', () => {
    const taken = new Taken({ cause: driver({ code: 'ECONNREFUSED' }) });
    expect(translateDatabaseError(taken)).toBe(taken);
    const unavailable = new ServiceUnavailable();
    expect(translateDatabaseError(unavailable)).toBe(unavailable);
  });
});

describe('mappingConstraints', () => {
  const problems = { users_email_key: () => new Taken() };
  const violating = (constraint: string) => () => Promise.reject(mapper(driver({ code: '23505', constraint })));

  it('a listed constraint becomes its problem', async () => {
    await expect(mappingConstraints(problems, violating('users_email_key'))).rejects.toBeInstanceOf(Taken);
  });

  it('one that is not listed stays the bug that it is', async () => {
    await expect(mappingConstraints(problems, violating('users_phone_key'))).rejects.toBeInstanceOf(QueryFailedError);
  });

  it('what is written comes back', async () => {
    await expect(mappingConstraints(problems, () => Promise.resolve(1))).resolves.toBe(1);
  });
});
