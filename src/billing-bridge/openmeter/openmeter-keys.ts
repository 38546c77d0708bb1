import { LONGEST_FEATURE_KEY } from '../feature-keys.js';

/** Stands between two words that an underscore joined: a dot becomes an underscore, which OpenMeter's names are made of. */
const UNDERSCORE = '0';

/**
 * A feature key as OpenMeter takes it (`^[a-z0-9]+(?:_[a-z0-9]+)*$`, 64 characters at most): `authsome.feature.mfa` is `authsome_feature_mfa`,
 * `custom_domains` is `custom_0_domains`. No two keys become one: {@link fromOpenMeter} leads back.
 * @returns undefined for a key that is too long in this form.
 */
export function toOpenMeter(featureKey: string): string | undefined {
  const name = featureKey
    .split('.')
    .map((part) => part.split('_').map(escaped).join(`_${UNDERSCORE}_`))
    .join('_');
  return name.length > LONGEST_FEATURE_KEY ? undefined : name;
}

export function fromOpenMeter(name: string): string {
  let key = '';
  let joint = '';
  for (const word of name.split('_')) {
    if (word === UNDERSCORE) {
      joint = '_';
      continue;
    }
    key += joint + (/^00+$/.test(word) ? word.slice(1) : word);
    joint = '.';
  }
  return key;
}

/** A word of zeros gets one more, so that none is taken for the joint. */
function escaped(word: string): string {
  return /^0+$/.test(word) ? `0${word}` : word;
}
