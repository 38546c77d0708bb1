import { defineProblem } from '../kernel/errors/problem.js';

export const FormConfigNotFound = defineProblem({
  code: 'form_config_not_found',
  kind: 'not_found',
  title: 'No such form',
  detail: 'form configuration not found',
});

export const FormConfigFrozen = defineProblem({
  code: 'form_config_frozen',
  kind: 'conflict',
  title: 'The form has been in use',
  detail: 'only drafts can be edited; create a new version of the form',
});

export const FormConfigActive = defineProblem({
  code: 'form_config_active',
  kind: 'conflict',
  title: 'The form is in use',
  detail: 'deactivate the form, or activate another version of it, before you delete this one',
});

export const FormConfigInactive = defineProblem({
  code: 'form_config_inactive',
  kind: 'conflict',
  title: 'The form is not in use',
  detail: 'only the active version of a form can be deactivated',
});

export const FormDefinitionInvalid = defineProblem({
  code: 'form_definition_invalid',
  kind: 'unprocessable',
  title: 'The form cannot work like this',
  detail: 'correct the fields that errors names',
});

export const FormRejected = defineProblem({
  code: 'form_rejected',
  kind: 'unprocessable',
  title: 'The form is not filled in as it must be',
  detail: 'correct the answers that errors names',
});
