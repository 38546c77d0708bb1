import { defineProblem } from '../kernel/errors/problem.js';

export const KeyManagerNotAvailable = defineProblem({
  code: 'key_manager_not_available',
  kind: 'unavailable',
  title: 'API keys are not available',
  detail: 'no key manager is bound; see AUTHSOME_KEYS',
});

/** The engine behind the bridge is not there to be asked: nothing was found out about the key. */
export const KeyProviderUnavailable = defineProblem({
  code: 'provider_unavailable',
  kind: 'unavailable',
  title: 'Whoever keeps the API keys does not answer',
  detail: 'the key was not checked; try again in a few seconds',
});

export const KeyProviderRefused = defineProblem({
  code: 'provider_refused',
  kind: 'unprocessable',
  title: 'Whoever keeps the API keys does not take this',
  detail: 'see refused, and docs/bridges.md for what the bound key manager can do',
});

/** One answer for every key that opens nothing: which of its reasons it is, only the audit trail and the metrics say. */
export const InvalidApiKey = defineProblem({
  code: 'invalid_api_key',
  kind: 'unauthenticated',
  title: 'The API key opens nothing',
  detail: 'the key is unknown, revoked, suspended, expired, or of another environment',
});

export const KeyNotAllowedHere = defineProblem({
  code: 'key_not_allowed_here',
  kind: 'forbidden',
  title: 'The key does not work from here or for this',
  detail: 'the address, origin, method or path is not on the key’s list; see restriction',
});

export const CreditsExhausted = defineProblem({
  code: 'credits_exhausted',
  kind: 'rate_limited',
  title: 'The key has not enough credits',
  detail: 'wait for the refill, or give the key more',
});

export const KeyFeatureUnsupported = defineProblem({
  code: 'key_feature_unsupported',
  kind: 'unprocessable',
  title: 'The key manager cannot keep this',
  detail: 'see unsupported for what it has not; AUTHSOME_KEYS says which one is bound',
});

export const KeyAlreadyKnown = defineProblem({
  code: 'key_already_known',
  kind: 'conflict',
  title: 'There is a key with this secret',
  detail: 'the hash belongs to a key that was made or imported before; nothing was imported',
});

export const KeyNotFound = defineProblem({
  code: 'key_not_found',
  kind: 'not_found',
  title: 'No such key',
  detail: 'key not found',
});

export const KeyStateConflict = defineProblem({
  code: 'key_state_conflict',
  kind: 'conflict',
  title: 'The key is not in a state for this',
  detail: 'read the key for the state it is in; a revoked key stays revoked',
});

export const InvalidScope = defineProblem({
  code: 'invalid_scope',
  kind: 'unprocessable',
  title: 'The key cannot be given this scope',
  detail: 'nobody gives a key more than they may do themselves',
});

export const TooManyKeys = defineProblem({
  code: 'too_many_keys',
  kind: 'conflict',
  title: 'The owner has as many keys as allowed',
  detail: 'revoke one that is not needed, or raise api_keys.max_per_owner',
});
