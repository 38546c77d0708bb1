import { Memberships } from './memberships.js';

/** No organizations: nobody is a member of anything. */
export class NoMemberships extends Memberships {
  override roleOf(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}
