/** Usage that the service meters by itself. */
export const METERS = [
  'authsome.users.active',
  'authsome.users.created',
  'authsome.mfa.enrollments',
  'authsome.apikeys.validated',
  'authsome.orgs.members',
  'authsome.sessions.created',
] as const;
export type Meter = (typeof METERS)[number];

/** Features that a plan may withhold. */
export const FEATURES = [
  'authsome.feature.mfa',
  'authsome.feature.sso',
  'authsome.feature.orgs',
  'authsome.feature.passkeys',
  'authsome.feature.custom_domains',
] as const;
export type Feature = (typeof FEATURES)[number];

export type BuiltInFeature = Meter | Feature;

/** What a key of a deployment's own looks like: names with dots, up to 64 characters. */
export const FEATURE_KEY = /^[a-z0-9]+(?:[._][a-z0-9]+)*$/;
export const LONGEST_FEATURE_KEY = 64;
