import { readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { ID_PREFIXES } from '../../dist/src/kernel/ids/id-prefixes.js';
import { eventCatalogue } from '../../dist/src/kernel/events/event-map.js';
import { code, grouped, page, table } from './markdown.mjs';

const source = path.resolve(import.meta.dirname, '../../src');

const GROUPS = {
  admin: ['Administration', 'What operators do to accounts.'],
  app: ['Apps', ''],
  auth: ['Signing up and in', ''],
  device: ['Devices', ''],
  environment: ['Environments', ''],
  users: ['Users in bulk', ''],
  user_import: ['Imports', ''],
  form_config: ['Form configurations', ''],
  impersonation: ['Impersonation', ''],
  operator: ['Operators', ''],
  org: ['Organizations', 'Who belongs together, as what, and who was asked to join.'],
  publishable_key: ['Publishable keys', ''],
  rbac: ['Roles and permissions', ''],
  service_account: ['Service accounts', ''],
  session: ['Sessions', ''],
  setting: ['Settings', ''],
  user: ['Users', ''],
};

export function eventsPage() {
  const payloads = readPayloads();
  const groups = grouped(eventCatalogue(), ({ name }) => name.split('.')[0]);
  return page(
    'Events',
    'A fact is recorded in the transaction that makes it true: it is there if, and only if, the change is. Each has an id (`aevt_…`), a subject, a time and the payload below. Payloads hold identifiers and public values, never secrets, and grow by new fields only.',
    '`events.within(name, handler)` takes part in the transaction and may veto; see [extending.md](extending.md).',
    ...[...groups].map(([noun, events]) => section(noun, events, payloads)),
  );
}

function section(noun, events, payloads) {
  const [title, intro] = GROUPS[noun] ?? [];
  if (title === undefined) throw new Error(`scripts/docs/events.mjs has no heading for events of ${noun}`);
  const rows = events.map(({ name, when }) => {
    const payload = payloads.get(name);
    if (payload === undefined) throw new Error(`event ${name} is described, but no EventMap declares it`);
    return [code(name), when, payload];
  });
  return [`## ${title}`, intro, table(['Event', 'When', 'Payload'], rows)].filter(Boolean).join('\n\n');
}

/** Payloads are types, gone at run time: they are read from the sources that declare them. */
function readPayloads() {
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
        payloads.set(member.name.text, describe(checker.getTypeAtLocation(member), checker, member));
    }
    ts.forEachChild(node, visit);
  };
  for (const file of files) visit(program.getSourceFile(file));
  return payloads;
}

function describe(payload, checker, at) {
  return checker
    .getPropertiesOfType(payload)
    .map((property) => {
      const optional = (property.flags & ts.SymbolFlags.Optional) !== 0 ? '?' : '';
      const type = checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(property, at));
      return code(`${property.name}${optional}: ${written(type, checker)}`);
    })
    .join(', ');
}

/** Identifiers are written as their values look, named unions by their members. */
function written(type, checker) {
  const [kind] = type.aliasSymbol?.name === 'Id' ? (type.aliasTypeArguments ?? []) : [];
  if (kind?.isStringLiteral()) return `${ID_PREFIXES[kind.value]}_…`;
  if (type.isUnion() && type.types.every((member) => member.isStringLiteral())) {
    // The compiler lists members in the order it met them.
    return type.types
      .map(({ value }) => value)
      .sort()
      .join(' | ');
  }
  return checker.typeToString(type);
}
