import { defineProblem } from '../kernel/errors/problem.js';

export const OrganizationSlugTaken = defineProblem({
  code: 'organization_slug_taken',
  kind: 'conflict',
  title: 'The slug is in use',
  detail: 'another organization of this environment has this slug',
});

export const OrganizationCreationDisabled = defineProblem({
  code: 'organization_creation_disabled',
  kind: 'forbidden',
  title: 'Users do not create organizations here',
  detail: 'ask an operator to create the organization',
});

export const TooManyOrganizations = defineProblem({
  code: 'too_many_organizations',
  kind: 'conflict',
  title: 'The user has created as many organizations as allowed',
  detail: 'delete one that is not needed, or ask for a higher limit',
});

export const OrganizationInactive = defineProblem({
  code: 'organization_inactive',
  kind: 'conflict',
  title: 'The organization is switched off',
  detail: 'nobody can join an organization that is not active',
});

export const OrganizationFull = defineProblem({
  code: 'organization_full',
  kind: 'conflict',
  title: 'Every seat of the organization is taken',
  detail: 'remove a member or raise the limit of seats first',
});

export const LastOrganizationOwner = defineProblem({
  code: 'last_organization_owner',
  kind: 'conflict',
  title: 'The last owner of an organization stays its owner',
  detail: 'make somebody else owner of the organization first, or delete it',
});

export const DomainTaken = defineProblem({
  code: 'organization_domain_taken',
  kind: 'conflict',
  title: 'The domain belongs to another organization',
  detail: 'a mail domain belongs to one organization of an environment',
});

export const DomainNotProved = defineProblem({
  code: 'organization_domain_not_proved',
  kind: 'forbidden',
  title: 'The caller has no verified address of the organization',
  detail: 'verify an address in one of the organization’s domains, or ask for an invitation',
});
