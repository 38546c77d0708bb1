/** What a scope looks like: `read:users`, `read:users:email`, `read`, and as a grant `read:*` or `*`. */
export const SCOPE = /^(\*|[a-z0-9][a-z0-9_.-]*(:[a-z0-9_.-]+)*(:\*)?)$/;
export const LONGEST_SCOPE = 128;

/**
 * Whether a grant covers what is required: the same scope; everything for `*`; what lies below (`read` covers `read:users` and
 * `read:users:email`); `read:*` the same. `read:users` does not cover `read:usersettings`.
 */
export function covers(grant: string, required: string): boolean {
  if (grant === '*' || grant === required) return true;
  const base = grant.endsWith(':*') ? grant.slice(0, -2) : grant;
  return required.startsWith(`${base}:`);
}

/** Whether any of several grants covers what is required. */
export function anyCovers(grants: readonly string[], required: string): boolean {
  return grants.some((grant) => covers(grant, required));
}

/** What two sets of grants both cover. */
export function common(left: readonly string[], right: readonly string[]): string[] {
  const both = left.flatMap((a) => right.flatMap((b) => (covers(b, a) ? [a] : covers(a, b) ? [b] : [])));
  return [...new Set(both)];
}
