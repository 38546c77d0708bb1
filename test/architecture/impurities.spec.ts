import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { places, type SourceFile, sourceFiles } from './source-tree.js';

/** Files that may read what no other file may, and why. */
type Allowed = Readonly<Record<string, string>>;

const CLOCK: Allowed = {
  'src/kernel/clock/database-clock.ts': 'The clock starts from the host’s time until the database has told its own.',
  'src/kernel/logging/logger.ts': 'A log line bears the host’s time, like the lines of every other program there.',
  'src/testing/ledger.contract.ts': 'Asks a ledger of somebody’s own, whose clock is the host’s.',
  'src/cli/commands/listen.ts': 'Signs on a developer’s machine, whose clock its receiver asks, too.',
};

const ENVIRONMENT: Allowed = {
  'ormconfig.ts': 'The default data source is for TypeORM’s command line, which starts here.',
};

const TIMERS_OF_THE_PROCESS: Allowed = {
  'src/kernel/clock/database-clock.ts': 'Carries the database’s time forward.',
  'src/http/edge-hooks.ts': 'Measures how long a request took.',
  'src/http/request-state.ts': 'Measures how long a request took.',
  'src/webhooks/deliveries/webhook-sender.ts': 'Measures how long a receiver took.',
  'src/embedded-postgres/leftover-servers.ts': 'Runs before there is a clock: waits for a process to end.',
  'src/api-keys/key-validator.ts': 'Measures how long a validation took that had to ask somebody.',
  'src/cli/progress-bar.ts': 'Says how many rows a second it has been.',
  'src/cli/commands/serve.ts': 'Says how long the start took.',
  'src/cli/commands/doctor.ts': 'Compares the host’s clock with the database’s.',
};

const except = (allowed: Allowed): readonly SourceFile[] => sourceFiles.filter(({ path }) => !(path in allowed));

/** Whether `node` is the member access `object.member`. */
function isMember(node: ts.Node, object: string, member: RegExp): boolean {
  return (
    ts.isPropertyAccessExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === object &&
    member.test(node.name.text)
  );
}

function isNowAsDate(node: ts.Node): boolean {
  const isDate = (expression: ts.Expression): boolean => ts.isIdentifier(expression) && expression.text === 'Date';
  if (ts.isNewExpression(node)) return isDate(node.expression) && (node.arguments?.length ?? 0) === 0;
  return ts.isCallExpression(node) && isDate(node.expression);
}

function isTimer(node: ts.Node): boolean {
  return isMember(node, 'performance', /^(now|timeOrigin)$/) || isMember(node, 'process', /^(hrtime|uptime)$/);
}

describe('time, chance and the environment reach the code through parameters', () => {
  it('only the clock asks the host what time it is', () => {
    expect(places(except(CLOCK), (node) => isNowAsDate(node) || isMember(node, 'Date', /^now$/))).toEqual([]);
  });

  it('the process timer measures durations in the files named here only', () => {
    expect(places(except(TIMERS_OF_THE_PROCESS), isTimer)).toEqual([]);
  });

  it('SQL takes the time as a parameter, so that rules and rows are judged by one clock', () => {
    const statements = (node: ts.Node): boolean =>
      (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) &&
      /\b(now\(\)|current_timestamp|localtimestamp|current_date)/i.test(node.text);
    const outside = sourceFiles.filter(({ path }) => !path.startsWith('src/migrations/'));
    expect(places(outside, statements)).toEqual([]);
  });

  it('nothing is drawn from a predictable generator', () => {
    expect(places(sourceFiles, (node) => isMember(node, 'Math', /^random$/))).toEqual([]);
  });

  it('the environment is read by the command line only', () => {
    // The command line hands the environment to everything else as a value.
    const others = except(ENVIRONMENT).filter(({ path }) => !path.startsWith('src/cli/'));
    expect(places(others, (node) => isMember(node, 'process', /^env$/))).toEqual([]);
  });

  it('every allowance is still needed', () => {
    const used = (allowed: Allowed, found: (node: ts.Node) => boolean): string[] =>
      Object.keys(allowed).filter((name) => {
        const file = sourceFiles.filter(({ path }) => path === name);
        return places(file, found).length === 0;
      });
    expect(used(CLOCK, (node) => isNowAsDate(node) || isMember(node, 'Date', /^now$/))).toEqual([]);
    expect(used(ENVIRONMENT, (node) => isMember(node, 'process', /^env$/))).toEqual([]);
    expect(used(TIMERS_OF_THE_PROCESS, isTimer)).toEqual([]);
  });
});
