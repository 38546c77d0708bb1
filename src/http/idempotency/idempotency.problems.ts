import { defineProblem } from '../../kernel/errors/problem.js';

export const IdempotencyKeyMalformed = defineProblem({
  code: 'idempotency_key_malformed',
  kind: 'invalid',
  title: 'The idempotency key is malformed',
  detail: 'send Idempotency-Key with 8 to 255 visible ASCII characters, a new one per operation',
});

export const IdempotencyKeyReused = defineProblem({
  code: 'idempotency_key_reused',
  kind: 'unprocessable',
  title: 'The idempotency key belongs to another request',
  detail: 'this key was used for a different URL or body; draw a new key',
});

export const IdempotencyInProgress = defineProblem({
  code: 'idempotency_in_progress',
  kind: 'conflict',
  title: 'The same request is being processed',
  detail: 'wait for its answer, or repeat it with the same key',
});
