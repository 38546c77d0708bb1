import { defineProblem } from '../../kernel/errors/problem.js';

export const KeyPolicyNotFound = defineProblem({
  code: 'key_policy_not_found',
  kind: 'not_found',
  title: 'No such policy',
  detail: 'policy not found',
});

export const KeyPolicyNameTaken = defineProblem({
  code: 'key_policy_name_taken',
  kind: 'conflict',
  title: 'There is a policy of this name',
  detail: 'choose another name, or change the policy that has it',
});

export const KeyPolicyInUse = defineProblem({
  code: 'key_policy_in_use',
  kind: 'conflict',
  title: 'Keys stand under this policy',
  detail: 'put them under another one first: without it they would be as free as they were never meant to be',
});

export const ExpiryBeyondPolicy = defineProblem({
  code: 'expiry_beyond_policy',
  kind: 'unprocessable',
  title: 'The key would live longer than its policy allows',
  detail: 'see latest for when it must have expired',
});
