import { fromAuth0 } from './auth0.mapping.js';
import { fromAuthsome } from './authsome.mapping.js';
import { fromBetterAuth } from './better-auth.mapping.js';
import { fromFirebase } from './firebase.mapping.js';
import { fromKeycloak } from './keycloak.mapping.js';
import type { Mapping } from './source-user.js';
import { fromSupabase } from './supabase.mapping.js';

/** Where users may come from. */
export const MAPPINGS = {
  authsome: fromAuthsome,
  auth0: fromAuth0,
  firebase: fromFirebase,
  keycloak: fromKeycloak,
  supabase: fromSupabase,
  'better-auth': fromBetterAuth,
} as const satisfies Record<string, Mapping>;

export type MappingName = keyof typeof MAPPINGS;
export const MAPPING_NAMES = Object.keys(MAPPINGS) as readonly MappingName[];
