import { defineProblem } from '../kernel/errors/problem.js';

export const SettingNotFound = defineProblem({
  code: 'setting_not_found',
  kind: 'not_found',
  title: 'No such setting',
  detail: 'see GET /v1/admin/settings/definitions for the keys there are',
});

export const SettingNotSet = defineProblem({
  code: 'setting_not_set',
  kind: 'not_found',
  title: 'Nothing is set there',
  detail: 'the setting has no value of its own at this level',
});

export const SettingScopeNotAllowed = defineProblem({
  code: 'setting_scope_not_allowed',
  kind: 'invalid',
  title: 'The setting cannot be set there',
  detail: 'the definition of the setting lists the levels it can be set at',
});

export const SettingNotEnforceable = defineProblem({
  code: 'setting_not_enforceable',
  kind: 'invalid',
  title: 'The setting cannot be enforced',
  detail: 'set its value instead; more specific levels may differ',
});

export const SettingEnforced = defineProblem({
  code: 'setting_enforced',
  kind: 'conflict',
  title: 'A more general level has decided',
  detail: 'the setting is enforced at a higher scope; change or unenforce it there',
});
