import { randomBytes } from 'node:crypto';
import type { EnvironmentType } from './environment.entity.js';

interface EnvironmentPreset {
  readonly name: string;
  readonly slug: string;
  readonly type: EnvironmentType;
}

/** What every app starts with; the first one is the default. */
export const FIRST_ENVIRONMENTS: readonly EnvironmentPreset[] = [
  { name: 'Development', slug: 'development', type: 'development' },
  { name: 'Staging', slug: 'staging', type: 'staging' },
  { name: 'Production', slug: 'production', type: 'production' },
];

export const TYPE_COLORS: Readonly<Record<EnvironmentType, string>> = {
  development: '#22c55e',
  staging: '#eab308',
  production: '#ef4444',
};

const KEY_MARKERS: Readonly<Record<EnvironmentType, string>> = {
  development: 'pk_test_',
  staging: 'pk_stg_',
  production: 'pk_live_',
};

/** A publishable key: a marker that tells people which environment they are talking to, and 128 random bits. */
export function drawPublishableKey(type: EnvironmentType): string {
  return KEY_MARKERS[type] + randomBytes(16).toString('hex');
}

const PUBLISHABLE_KEY = /^pk_(test|stg|live)_[0-9a-f]{32}$/;

/** Whether a text can be a publishable key at all: what cannot is not looked up. */
export function isPublishableKey(text: string): boolean {
  return PUBLISHABLE_KEY.test(text);
}
