import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** One file of the product: everything under `src`, and `ormconfig.ts`. */
export interface SourceFile {
  /** From the repository's root, with slashes: `src/users/users.service.ts`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

export interface Import {
  readonly from: string;
  /** A path like {@link SourceFile.path} for a relative import, the package's name for another one. */
  readonly to: string;
  readonly relative: boolean;
  /** Erased by the compiler: it loads nothing. */
  readonly typeOnly: boolean;
}

/** Tests beside their sources are not part of the product. */
export const sourceFiles: readonly SourceFile[] = [...under('src'), 'ormconfig.ts']
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
  .map(parsed);

export const imports: readonly Import[] = sourceFiles.flatMap(importsOf);

/** The top-level folder under `src`, or the file's own name for the files beside the folders. */
export function moduleOf(file: string): string {
  return file.startsWith('src/') ? (file.split('/')[1] ?? file) : file;
}

export function filesUnder(...folders: readonly string[]): readonly SourceFile[] {
  return folders.flatMap(under).map(parsed);
}

/** `path:line` of every node that `found` is true of. */
export function places(
  files: readonly SourceFile[],
  found: (node: ts.Node, file: SourceFile) => boolean,
): readonly string[] {
  return files.flatMap((file) => {
    const hits: string[] = [];
    const visit = (node: ts.Node): void => {
      if (found(node, file)) hits.push(`${file.path}:${lineOf(file, node)}`);
      ts.forEachChild(node, visit);
    };
    visit(file.tree);
    return hits;
  });
}

export function lineOf({ tree }: SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

function under(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.split(path.sep).join('/')}`)
    .filter((name) => /\.m?[tj]s$/.test(name) && !name.includes('/static/'))
    .sort();
}

function parsed(name: string): SourceFile {
  const text = readFileSync(path.join(ROOT, name), 'utf8');
  return { path: name, text, tree: ts.createSourceFile(name, text, ts.ScriptTarget.ES2023, true) };
}

function importsOf({ path: from, tree }: SourceFile): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Expression | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    const relative = specifier.text.startsWith('.');
    const to = relative
      ? path.posix.join(path.posix.dirname(from), specifier.text).replace(/\.js$/, '.ts')
      : specifier.text;
    found.push({ from, to, relative, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** `import './x.js'` has no clause and is all effect; `import { type A, type B }` loads nothing. */
function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = clause;
  if (name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings)) return false;
  return namedBindings.elements.length > 0 && namedBindings.elements.every((element) => element.isTypeOnly);
}
