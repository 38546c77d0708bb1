import { Foundation1769904000000 } from './1769904000000-foundation.js';

/** Every migration, oldest first. A shipped one is never edited: its checksum is pinned by a test. */
export const migrations = [Foundation1769904000000];
