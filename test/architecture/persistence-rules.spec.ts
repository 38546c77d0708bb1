import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { imports, lineOf, places, type SourceFile, sourceFiles } from './source-tree.js';

/** Who mints scopes, and from what it knows the tenant. */
const MINTS_SCOPES: Readonly<Record<string, string>> = {
  'src/api-keys/key-cache.ts': 'The tenant of the key that a secret opens.',
  'src/api-keys/rotations/key-deadlines.system-repository.ts': 'The tenant of a key whose time runs out.',
  'src/api-keys/leaks/leaks.service.ts': 'The tenant of the key that a reported secret opens.',
  'src/apps/apps.service.ts': 'The app it has just made, or is an operator’s target.',
  'src/auth/challenges/challenges.service.ts': 'The tenant of the challenge that a mailed secret opens.',
  'src/auth/email-change/email-change.service.ts': 'The tenant of the challenge that a mailed secret opens.',
  'src/auth/mail-requests.ts': 'The tenant that a job was enqueued for.',
  'src/auth/password/password.service.ts': 'The tenant of the challenge that a mailed secret opens.',
  'src/auth/verification/verification.service.ts': 'The tenant of the challenge that a mailed secret opens.',
  'src/billing-bridge/dispatch/usage-dispatcher.ts': 'The tenant of the usage that is handed over.',
  'src/billing-bridge/usage/usage.consumer.ts': 'The tenant of the fact that is metered.',
  'src/billing/subscriptions/automatic-subscriptions.ts': 'The tenant of the fact that somebody is new.',
  'src/billing/subscriptions/billing-worker.task.ts': 'The tenant of the subscription or invoice that is due.',
  'src/billing/usage/quota-watch.ts': 'The tenant of the usage that was recorded.',
  'src/bootstrap/bootstrap.service.ts': 'The apps that bootstrap makes.',
  'src/environments/environments.controller.ts':
    'The environment of the operator’s target app; the service looks for it there.',
  'src/environments/environments.service.ts': 'The environment it has just made, or found in its app.',
  'src/environments/promotions.service.ts': 'The environments it has found in their app.',
  'src/environments/publishable-keys.controller.ts':
    'The environment of the operator’s target app; the service looks for it there.',
  'src/environments/tenant-records.ts': 'The tenant that a publishable key or an app id leads to.',
  'src/http/params/caller.decorators.ts': 'The app of the tenant that the guard has resolved.',
  'src/cli/commands/conformance.ts': 'A tenant of nobody, to try an adapter with.',
  'src/keys-bridge/unkey/unkey-wire.ts': 'The tenant that Unkey keeps with the key.',
  'src/operators/setup.controller.ts': 'The platform app.',
  'src/organizations/invitations/invitation-answers.service.ts':
    'The tenant of the invitation that a mailed secret opens.',
  'src/parked-events/parked-events.service.ts': 'The tenant of the fact that is taken.',
  'src/sessions/session-authenticator.ts': 'The tenant of the session that a token opens.',
  'src/sessions/session-endings.ts': 'The tenant of the impersonation it has just ended.',
  'src/sessions/token-introspector.ts': 'The tenant of the session that a token opens.',
  'src/sessions/token-refresher.ts': 'The tenant of the session that a refresh token opens.',
  'src/settings/setting-place.ts': 'The tenant of a place that was found.',
  'src/testing/ledger.contract.ts': 'A tenant that there is nowhere.',
  'src/user-imports/user-import.job.ts': 'The tenant that a job was enqueued for.',
  'src/users/user-forgetting.job.ts': 'The tenant that a job was enqueued for.',
  'src/webhooks/deliveries/webhook-disabling.ts': 'The tenant of the endpoint that failed.',
  'src/webhooks/messages/fan-out.consumer.ts': 'The tenant of the fact that is told.',
  'src/webhooks/replays/replay.job.ts': 'The tenant that a job was enqueued for.',
};

/** Besides entities, repositories and the kernel's persistence. */
const USES_MAPPER: Readonly<Record<string, string>> = {
  'ormconfig.ts': 'Makes the data source.',
  'src/kernel/kernel.module.ts': 'Hands the data source to the one class that uses it.',
  'src/start/starter.ts': 'Connects the data source.',
};
const PERSISTENCE = /(\.entity|\.repository|\.system-repository)\.ts$|^src\/(kernel\/persistence|migrations)\//;

/** Who needs the raw data source or the pool; everybody else has `Database`. */
const SCOPED_BASES = ['EnvScopedRepository', 'AppScopedRepository', 'SystemRepository'];

const declaring = sourceFiles.filter(({ path }) => path !== 'src/kernel/context/scope.ts');

describe('tenancy', () => {
  it('scopes are minted only where a tenant is known for certain', () => {
    const minting = (node: ts.Node): boolean =>
      ts.isPropertyAccessExpression(node) && node.expression.getText() === 'scopeTo';
    const unexpected = places(
      declaring.filter(({ path }) => !(path in MINTS_SCOPES)),
      minting,
    );
    expect(unexpected).toEqual([]);
    const idle = Object.keys(MINTS_SCOPES).filter(
      (name) =>
        places(
          declaring.filter(({ path }) => path === name),
          minting,
        ).length === 0,
    );
    expect(idle).toEqual([]);
  });

  it('no scope is made by a type assertion', () => {
    const forged = places(
      declaring,
      (node) =>
        ts.isAsExpression(node) &&
        /^(App|Env)Scope$/.test(node.type.getText()) &&
        // A subscriber of an event that belongs to an environment narrows the scope that it was given.
        node.expression.getText() !== 'scope',
    );
    expect(forged).toEqual([]);
  });

  it('the system scope is used by the kernel and by system repositories only', () => {
    const using = imports.filter(
      ({ from, to }) =>
        to === 'src/kernel/context/scope.ts' && !from.startsWith('src/kernel/') && importsName(from, 'SYSTEM'),
    );
    expect(using).toEqual([]);
  });

  it('every repository has one of the three bases, and every method of a system repository says anyTenant', () => {
    const problems = classes(/\.(system-)?repository\.ts$/)
      .filter(({ file }) => !file.path.startsWith('src/kernel/persistence/'))
      .flatMap(({ file, node, base }) => {
        const name = `${file.path}:${lineOf(file, node)} ${node.name?.text ?? ''}`;
        if (base === undefined || !SCOPED_BASES.includes(base)) return [`${name} has the base ${base ?? 'none'}`];
        if (base !== 'SystemRepository') return [];
        return publicMethods(node)
          .filter((method) => !method.startsWith('anyTenant'))
          .map((method) => `${name}.${method}`);
      });
    expect(problems).toEqual([]);
  });

  it('a method whose name says anyTenant is called by system code: services and jobs, never a controller', () => {
    const calls = places(
      sourceFiles.filter(({ path }) => /\.(controller|decorator|pipe)\.ts$/.test(path)),
      (node) => ts.isPropertyAccessExpression(node) && node.name.text.startsWith('anyTenant'),
    );
    expect(calls).toEqual([]);
  });
});

describe('the way to the database', () => {
  it('typeorm is loaded by entities, repositories and the kernel’s persistence only', () => {
    const loading = imports.filter(
      ({ from, to, typeOnly }) =>
        /^(typeorm|pg)$/.test(to) && !typeOnly && !PERSISTENCE.test(from) && !(from in USES_MAPPER),
    );
    // The listening connection, the launcher of the development database and the doctor speak to the driver itself.
    const known = ['src/kernel/notifications/notifications.ts', 'src/cli/commands/doctor.ts'];
    const unexpected = loading.filter(
      ({ from }) => !known.includes(from) && !from.startsWith('src/embedded-postgres/'),
    );
    expect(unexpected).toEqual([]);
  });

  it('hand-written statements are declared as constants of repositories, never assembled at run time', () => {
    const outside = places(sourceFiles, (node, { path }) => {
      if (!ts.isCallExpression(node) || !/^(envStatement|appStatement|statement)$/.test(node.expression.getText()))
        return false;
      const declared =
        ts.isVariableDeclaration(node.parent) && node.parent.parent.parent.parent.kind === ts.SyntaxKind.SourceFile;
      return !declared || path.startsWith('src/http/params');
    });
    expect(outside).toEqual([]);
  });

  it('what a statement interpolates is a constant in capitals or a column list: never a value (R339)', () => {
    const interpolated = places(sourceFiles, (node) => {
      if (!ts.isTemplateSpan(node) || !ts.isTemplateExpression(node.parent)) return false;
      const call = node.parent.parent;
      if (!ts.isCallExpression(call) || !/^(envStatement|appStatement|statement)$/.test(call.expression.getText()))
        return false;
      return !/^([A-Z][A-Z_]*|columnsOf\(\w+(, '\w+')?\))$/.test(node.expression.getText());
    });
    expect(interpolated).toEqual([]);
  });

  it('no transaction is opened by a controller, a guard or a decorator', () => {
    const opening = imports.filter(
      ({ from, to }) =>
        to === 'src/kernel/persistence/database.ts' && /\.(controller|guard|decorator|pipe|filter)\.ts$/.test(from),
    );
    expect(opening).toEqual([]);
  });
});

interface DeclaredClass {
  readonly file: SourceFile;
  readonly node: ts.ClassDeclaration;
  readonly base: string | undefined;
}

function classes(paths: RegExp): DeclaredClass[] {
  return sourceFiles
    .filter(({ path }) => paths.test(path))
    .flatMap((file) =>
      file.tree.statements.filter(ts.isClassDeclaration).map((node) => ({ file, node, base: baseOf(node) })),
    );
}

function baseOf(node: ts.ClassDeclaration): string | undefined {
  const clause = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
  return clause?.types[0]?.expression.getText();
}

function publicMethods(node: ts.ClassDeclaration): string[] {
  return node.members
    .filter(ts.isMethodDeclaration)
    .filter((method) => !method.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword))
    .filter(({ name }) => !ts.isPrivateIdentifier(name))
    .map(({ name }) => name.getText());
}

function importsName(file: string, name: string): boolean {
  const source = sourceFiles.find(({ path }) => path === file);
  return (
    source !== undefined && places([source], (node) => ts.isImportSpecifier(node) && node.name.text === name).length > 0
  );
}
