import type { Id } from '../kernel/ids/id.js';

/** Ties what is sealed to its place: a sealed value that was moved to another import does not open. */
export const sealOf = (id: Id<'user_import'>): string => `user_imports/parameters_sealed/${id}`;
