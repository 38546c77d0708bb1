import { describe, expect, it } from '@jest/globals';
import { envStatement } from './statement.js';

describe('envStatement', () => {
  it.each([
    'SELECT id FROM users WHERE app_id = $1 AND env_id = $2',
    'SELECT id FROM users u WHERE u.app_id=$1 AND u.env_id  =  $2 AND id = $3',
    'INSERT INTO users (app_id, env_id, id) VALUES ($1, $2, $3)',
    'SELECT authsome_forget_person($1, $2, $3)',
  ])('takes a statement that names its tenant: %s', (text) => {
    expect(envStatement('test', text)).toEqual({ name: 'test', text, scoped: 'env' });
  });

  it.each([
    ['no tenant', 'SELECT id FROM users WHERE id = $3'],
    ['no environment', 'SELECT id FROM users WHERE app_id = $1 AND id = $3'],
    ['no app', 'SELECT id FROM users WHERE env_id = $2 AND id = $3'],
    ['the two swapped', 'SELECT id FROM users WHERE app_id = $2 AND env_id = $1'],
    ['other parameters', 'SELECT id FROM users WHERE app_id = $10 AND env_id = $20'],
    ['a comparison that excludes', 'SELECT id FROM users WHERE app_id <> $1 AND env_id <> $2'],
  ])('R170: refuses at import a statement with %s', (_what, text) => {
    expect(() => envStatement('users.test', text)).toThrow(
      'statement users.test must name app_id as $1 and env_id as $2',
    );
  });
});
