import { defineProblem } from '../../kernel/errors/problem.js';

export const AppContextRequired = defineProblem({
  code: 'app_context_required',
  kind: 'invalid',
  title: 'The request names no app',
  detail: 'app context required: send X-Publishable-Key header or app_id in the body',
});

export const UnknownTenant = defineProblem({
  code: 'unknown_tenant',
  kind: 'invalid',
  title: 'No such app or environment',
  detail: 'app context required: the publishable key, app_id or environment is not known here',
});

export const TenantDisagreement = defineProblem({
  code: 'tenant_disagreement',
  kind: 'invalid',
  title: 'The request names two tenants',
  detail: 'app_id does not match publishable key',
});

export const ForeignTenant = defineProblem({
  code: 'foreign_tenant',
  kind: 'forbidden',
  title: 'Another tenant is out of reach',
  detail: 'cannot act on another app’s resources',
});
