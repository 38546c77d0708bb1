import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { filesUnder, places, sourceFiles } from './source-tree.js';

interface Banned {
  readonly what: string;
  readonly why: string;
  readonly found: (node: ts.Node) => boolean;
  /** Where it belongs after all. */
  readonly except?: RegExp;
}

const named =
  (...names: string[]) =>
  (node: ts.Node): boolean =>
    ts.isIdentifier(node) && names.includes(node.text);

const isTrue =
  (name: string) =>
  (node: ts.Node): boolean =>
    ts.isPropertyAssignment(node) &&
    ts.isIdentifier(node.name) &&
    node.name.text === name &&
    node.initializer.kind === ts.SyntaxKind.TrueKeyword;

const member =
  (object: string, name: string) =>
  (node: ts.Node): boolean =>
    ts.isPropertyAccessExpression(node) && node.expression.getText() === object && node.name.text === name;

const BANNED: readonly Banned[] = [
  {
    what: 'forwardRef',
    why: 'A cycle of modules is a wrong rank: use an event, a hook or a port.',
    found: named('forwardRef'),
  },
  {
    what: 'Scope.REQUEST',
    why: 'It spreads to every consumer and rebuilds them per request.',
    found: member('Scope', 'REQUEST'),
  },
  {
    what: 'Scope.TRANSIENT',
    why: 'A service with one instance per consumer hides state.',
    found: member('Scope', 'TRANSIENT'),
  },
  { what: 'ModuleRef', why: 'Dependencies are constructor parameters.', found: named('ModuleRef') },
  { what: '@Optional', why: 'A control that may be absent is absent one day.', found: named('Optional') },
  {
    what: '@Global',
    why: 'The dynamic modules that are global say so where they are registered.',
    found: named('Global'),
  },
  { what: 'synchronize: true', why: 'The schema is made by migrations only.', found: isTrue('synchronize') },
  { what: 'dropSchema: true', why: 'The schema is made by migrations only.', found: isTrue('dropSchema') },
  {
    what: 'migrationsRun: true',
    why: 'Migrations run under their lock: Schema.migrate().',
    found: isTrue('migrationsRun'),
  },
  { what: 'eager: true', why: 'A read that nobody sees.', found: isTrue('eager') },
  {
    what: 'cascade',
    why: 'A write that nobody sees.',
    found: (node) => ts.isPropertyAssignment(node) && node.name.getText() === 'cascade',
  },
  {
    what: 'a relation of the mapper',
    why: 'Tables are joined by ids; bidirectional relations crash at import under ESM.',
    found: named('OneToMany', 'ManyToOne', 'OneToOne', 'ManyToMany', 'JoinColumn', 'JoinTable'),
  },
  {
    what: 'a date column that the mapper fills',
    why: 'Times come from the clock.',
    found: named('CreateDateColumn', 'UpdateDateColumn', 'DeleteDateColumn'),
  },
  {
    what: 'an HTTP exception',
    why: 'Services throw problems; only the edge knows statuses.',
    found: (node) =>
      ts.isIdentifier(node) &&
      /^(Http|BadRequest|Unauthorized|Forbidden|NotFound|Conflict|Gone|UnprocessableEntity|InternalServerError|ServiceUnavailable)Exception$/.test(
        node.text,
      ),
    except: /^src\/http\//,
  },
  { what: 'an enum', why: 'A union of strings is what the wire and the rows hold.', found: ts.isEnumDeclaration },
  {
    what: 'any',
    why: 'unknown says the same and is checked.',
    found: (node) => node.kind === ts.SyntaxKind.AnyKeyword,
  },
  { what: 'a non-null assertion', why: 'It hides the case that it denies.', found: ts.isNonNullExpression },
];

const LONGEST_FILE = 350;
const MAY_BE_LONG = /^src\/(migrations\/|config\/variables\.ts$)/;

describe('constructs that the house does without', () => {
  it.each(BANNED)('$what: $why', ({ found, except }) => {
    expect(
      places(
        sourceFiles.filter(({ path }) => except?.test(path) !== true),
        found,
      ),
    ).toEqual([]);
  });

  it(`no file is longer than ${LONGEST_FILE} lines: it does more than one thing`, () => {
    const long = sourceFiles
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > LONGEST_FILE && !MAY_BE_LONG.test(path));
    expect(long).toEqual([]);
  });
});

describe('what is left undone or switched off', () => {
  const everything = [...filesUnder('src', 'test', 'scripts', 'bench')];
  const comments = everything.flatMap((file) =>
    commentsOf(file.text).map(({ text, at }) => ({
      text,
      place: `${file.path}:${file.tree.getLineAndCharacterOfPosition(at).line + 1}`,
    })),
  );

  it('every suppression of a check says why', () => {
    const bare = comments.filter(
      ({ text }) =>
        /eslint-disable(?!.* -- \S+ \S+)/.test(text) ||
        /@ts-(ignore|nocheck)/.test(text) ||
        /@ts-expect-error(?!\W+\w+ \w+)/.test(text) ||
        /prettier-ignore(?!\W+\w+ \w+)/.test(text),
    );
    expect(bare).toEqual([]);
  });

  it('nothing waits to be done', () => {
    expect(comments.filter(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text))).toEqual([]);
  });

  it('no test is skipped or run alone', () => {
    const switched = places(
      everything.filter(({ path }) => path.endsWith('.spec.ts')),
      (node) =>
        ts.isPropertyAccessExpression(node) &&
        /^(it|test|describe)$/.test(node.expression.getText()) &&
        /^(only|skip|todo|failing)$/.test(node.name.text) &&
        // `isRoot ? it : it.skip` runs wherever it can.
        !ts.isConditionalExpression(node.parent),
    );
    expect(switched).toEqual([]);
  });
});

/** Comments are what the scanner skips: a text inside a string is none. */
function commentsOf(text: string): { readonly text: string; readonly at: number }[] {
  const scanner = ts.createScanner(ts.ScriptTarget.ES2023, false, ts.LanguageVariant.Standard, text);
  const found: { text: string; at: number }[] = [];
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    if (token === ts.SyntaxKind.SingleLineCommentTrivia || token === ts.SyntaxKind.MultiLineCommentTrivia) {
      found.push({ text: scanner.getTokenText(), at: scanner.getTokenStart() });
    }
  }
  return found;
}
