import { defineSetting, type SettingScope } from '../settings/setting-definition.js';
import { FLAG, integer } from '../settings/setting-types.js';

const UP_TO_ENVIRONMENT: readonly SettingScope[] = ['global', 'app', 'environment'];
const UP_TO_ORGANIZATION: readonly SettingScope[] = [...UP_TO_ENVIRONMENT, 'organization'];

export const ORGANIZATION_CREATION = defineSetting({
  key: 'organizations.creation_enabled',
  displayName: 'Users create organizations',
  description: 'Whether users may create organizations; operators always may.',
  type: FLAG,
  scopes: UP_TO_ENVIRONMENT,
  default: () => true,
});

export const ORGANIZATIONS_PER_USER = defineSetting({
  key: 'organizations.max_per_user',
  displayName: 'Organizations per user',
  description: 'How many organizations a user may have created. 0: no limit.',
  type: integer(0, 1_000_000),
  scopes: [...UP_TO_ENVIRONMENT, 'user'],
  default: () => 100,
});

export const ORGANIZATION_SEATS = defineSetting({
  key: 'organizations.max_members',
  displayName: 'Seats',
  description: 'How many members an organization may have. 0: no limit.',
  type: integer(0, 10_000_000),
  scopes: UP_TO_ORGANIZATION,
  default: () => 0,
});

export const PENDING_INVITATIONS = defineSetting({
  key: 'organizations.max_pending_invitations',
  displayName: 'Waiting invitations',
  description: 'How many invitations of an organization may wait for an answer.',
  type: integer(1, 100_000),
  scopes: UP_TO_ORGANIZATION,
  default: () => 1_000,
});

export const INVITATION_DAYS = defineSetting({
  key: 'organizations.invitation_days',
  displayName: 'Life of an invitation',
  description: 'How many days an invitation can be accepted.',
  type: integer(1, 365),
  scopes: UP_TO_ORGANIZATION,
  default: () => 7,
});
