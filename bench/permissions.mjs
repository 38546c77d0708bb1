// What a permission check costs somebody with 20 roles, 5 levels deep, that permit 500 things: in memory, and when it has to be read.
import { SYSTEM_ACTOR } from '../dist/src/kernel/audit/audit-trail.js';
import { PermissionChecks } from '../dist/src/http/access/permission-checks.js';
import { Database } from '../dist/src/kernel/persistence/database.js';
import { RoleAssignmentsService } from '../dist/src/roles/role-assignments.service.js';
import { RolesService } from '../dist/src/roles/roles.service.js';
import { UsersService } from '../dist/src/users/users.service.js';
import { startInProcess } from './lib/in-process.mjs';

export const name = 'permissions';

const ROLES = 20;
const LEVELS = 5;
const PERMISSIONS = 500;
const WARM_AT_MOST_MICROSECONDS = 20;

export async function run({ database, seconds }) {
  const service = await startInProcess(database);
  const scope = await service.tenant();
  const by = { actor: SYSTEM_ACTOR, userId: null };
  const roles = service.get(RolesService);
  const person = { email: 'ada@example.com', emailVerified: true, firstName: '', lastName: '', metadata: {} };
  const { id: userId } = await service.get(UsersService).create(scope, person, SYSTEM_ACTOR);
  const asked = [];
  for (let chain = 0; chain < ROLES; chain += 1) {
    let parentId = null;
    for (let level = 0; level < LEVELS; level += 1) {
      const slug = `role-${chain}-${level}`;
      ({ id: parentId } = await roles.create(scope, { slug, name: slug, description: null, parentId }, by));
      for (let n = 0; n < PERMISSIONS / ROLES / LEVELS; n += 1) {
        const grant = { action: `act-${n}`, resource: `thing-${chain}:${level}:*` };
        await roles.addPermission(scope, parentId, grant, by);
        asked.push([grant.action, `thing-${chain}:${level}:42`], [grant.action, `other-${chain}:${level}:42`]);
      }
    }
    await service.get(RoleAssignmentsService).assign(scope, parentId, { userId, orgId: undefined }, by);
  }

  const checks = service.get(PermissionChecks);
  const db = service.get(Database);
  const query = db.query.bind(db);
  let statements = 0;
  db.query = (...args) => {
    statements += 1;
    return query(...args);
  };
  const coldAt = performance.now();
  const allowed = await checks.allows(scope, userId, ...asked[0]);
  const coldMs = performance.now() - coldAt;
  const coldStatements = statements;
  if (!allowed || (await checks.allows(scope, userId, ...asked[1]))) throw new Error('the answers are wrong');

  const rounds = seconds < 3 ? 20 : 200;
  let yes = 0;
  for (let round = 0; round < 5; round += 1)
    for (const [action, resource] of asked) void checks.allows(scope, userId, action, resource);
  const warmAt = performance.now();
  for (let round = 0; round < rounds; round += 1) {
    for (const [action, resource] of asked) if (checks.allows(scope, userId, action, resource) === true) yes += 1;
  }
  const microseconds = ((performance.now() - warmAt) * 1_000) / (rounds * asked.length);
  if (yes !== (rounds * asked.length) / 2) throw new Error('the answers are wrong');
  await service.stop();
  return [
    {
      bench: `a warm check among ${PERMISSIONS} permissions of ${ROLES} roles, ${LEVELS} levels deep`,
      value: Math.round(microseconds * 100) / 100,
      unit: 'µs',
      atMost: WARM_AT_MOST_MICROSECONDS,
    },
    {
      bench: `a cold check of the same (${Math.round(coldMs * 10) / 10} ms)`,
      value: coldStatements,
      unit: 'statements',
      atMost: 1,
    },
  ];
}
