import { readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { ID_PREFIXES } from '../../dist/src/kernel/ids/id-prefixes.js';

const source = path.resolve(import.meta.dirname, '../../src');

/**
 * Payloads are types, gone at run time: they are read from the sources that declare them.
 * @returns Map of event name to its fields: `{ name, optional, kind: 'id' | 'choice' | 'plain', … }`.
 */
export function readPayloads() {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.events.ts'))
    .map((name) => path.join(source, name));
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    strict: true,
    experimentalDecorators: true,
    noEmit: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const payloads = new Map();
  const visit = (node) => {
    if (ts.isInterfaceDeclaration(node) && node.name.text === 'EventMap') {
      for (const member of node.members)
        payloads.set(member.name.text, fieldsOf(checker.getTypeAtLocation(member), checker, member));
    }
    ts.forEachChild(node, visit);
  };
  for (const file of files) visit(program.getSourceFile(file));
  return payloads;
}

function fieldsOf(payload, checker, at) {
  return checker.getPropertiesOfType(payload).map((property) => ({
    name: property.name,
    optional: (property.flags & ts.SymbolFlags.Optional) !== 0,
    ...typeOf(checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(property, at)), checker),
  }));
}

function typeOf(type, checker) {
  const [kind] = type.aliasSymbol?.name === 'Id' ? (type.aliasTypeArguments ?? []) : [];
  if (kind?.isStringLiteral()) return { kind: 'id', prefix: ID_PREFIXES[kind.value] };
  if (type.isUnion() && type.types.every((member) => member.isStringLiteral())) {
    // The compiler lists members in the order it met them.
    return { kind: 'choice', choices: type.types.map(({ value }) => value).sort() };
  }
  return { kind: 'plain', type: checker.typeToString(type) };
}
