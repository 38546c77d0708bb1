import { defineProblem } from '../../kernel/errors/problem.js';

export const EntitlementDenied = defineProblem({
  code: 'entitlement_denied',
  kind: 'forbidden',
  title: 'The plan does not hold this feature',
  detail: 'change to a plan that holds it; see feature and reason',
});

export const QuotaExceeded = defineProblem({
  code: 'quota_exceeded',
  kind: 'forbidden',
  title: 'The plan’s limit is reached',
  detail: 'wait until resets_at, free what is not needed, or change to a plan with more; see feature, used and limit',
});

export const EntitlementUnknown = defineProblem({
  code: 'entitlement_unknown',
  kind: 'unavailable',
  title: 'The billing engine does not answer',
  detail: 'whether the plan holds the feature cannot be found out right now: try again in a moment',
});

/** Whatever a plan may answer to an operation that it gates. */
export const ENTITLEMENT_PROBLEMS = [EntitlementDenied, QuotaExceeded, EntitlementUnknown] as const;
