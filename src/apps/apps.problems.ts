import { defineProblem } from '../kernel/errors/problem.js';

export const AppSlugTaken = defineProblem({
  code: 'app_slug_taken',
  kind: 'conflict',
  title: 'The slug is in use',
  detail: 'another app has this slug; choose another one',
});

export const SessionConfigNotFound = defineProblem({
  code: 'session_config_not_found',
  kind: 'not_found',
  title: 'The app has no session configuration',
  detail: 'no session config found for this app; the deployment’s settings apply',
});

export const ClientConfigNotFound = defineProblem({
  code: 'client_config_not_found',
  kind: 'not_found',
  title: 'The app has no client configuration',
  detail: 'no client config found for this app; the defaults apply',
});

export const PlatformProtected = defineProblem({
  code: 'platform_protected',
  kind: 'conflict',
  title: 'The platform app stays',
  detail: 'the app whose users operate the service can be neither deleted nor switched off',
});
