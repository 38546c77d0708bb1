import { defineSetting, type SettingScope } from '../settings/setting-definition.js';
import { FLAG, integer, text } from '../settings/setting-types.js';

const UP_TO_ENVIRONMENT: readonly SettingScope[] = ['global', 'app', 'environment'];

export const SUBSCRIPTION_REQUIRED = defineSetting({
  key: 'subscription.required',
  displayName: 'Nothing without a subscription',
  description:
    'Whether somebody whom no subscription covers, not even the app’s, is refused every feature of plans; otherwise nothing limits them.',
  type: FLAG,
  scopes: UP_TO_ENVIRONMENT,
  default: () => false,
});

export const DEFAULT_PLAN = defineSetting({
  key: 'subscription.default_plan',
  displayName: 'Plan of newcomers',
  description: 'The slug of the plan that new organizations or users are subscribed to. Empty: none.',
  type: text(63),
  scopes: UP_TO_ENVIRONMENT,
  default: () => '',
});

export const AUTO_SUBSCRIBE_ORG = defineSetting({
  key: 'subscription.auto_subscribe_org',
  displayName: 'Subscribe new organizations',
  description: 'Whether an organization is subscribed to the plan of newcomers when it is created.',
  type: FLAG,
  scopes: UP_TO_ENVIRONMENT,
  default: () => true,
});

export const AUTO_SUBSCRIBE_USER = defineSetting({
  key: 'subscription.auto_subscribe_user',
  displayName: 'Subscribe new users',
  description: 'Whether a user is subscribed to the plan of newcomers when the account is created.',
  type: FLAG,
  scopes: UP_TO_ENVIRONMENT,
  default: () => false,
});

export const GRACE_DAYS = defineSetting({
  key: 'subscription.grace_period_days',
  displayName: 'Days of grace',
  description: 'How many days a subscription stays in force after an invoice was not paid in time.',
  type: integer(0, 365),
  scopes: UP_TO_ENVIRONMENT,
  default: () => 3,
});

export const PAYMENT_DAYS = defineSetting({
  key: 'subscription.payment_days',
  displayName: 'Days to pay',
  description: 'How many days after an invoice it is due.',
  type: integer(0, 365),
  scopes: UP_TO_ENVIRONMENT,
  default: () => 30,
});
