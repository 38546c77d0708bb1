import { describe, expect, it } from '@jest/globals';
import { type Import, imports, moduleOf, sourceFiles } from './source-tree.js';

/**
 * The order of the modules, lowest first. A file imports from lower ranks and from its own folder; modules that share a rank do not
 * know each other. Upward talk is an event, a hook or a port.
 */
const RANKS: readonly (readonly string[])[] = [
  ['kernel'],
  ['config', 'migrations', 'embedded-postgres'],
  ['http'],
  ['messaging', 'keys-bridge', 'pages', 'audit'],
  ['settings'],
  ['apps'],
  ['environments'],
  ['form-configs', 'billing-bridge'],
  ['users', 'client-config'],
  ['devices'],
  ['sessions'],
  ['organizations'],
  ['roles'],
  ['auth', 'webhooks', 'billing'],
  ['operators', 'stats', 'parked-events', 'service-accounts', 'user-administration', 'user-imports'],
  ['impersonation', 'api-keys'],
  ['bootstrap'],
  ['ormconfig.ts'],
  ['start', 'discovery', 'health'],
  ['app.module.ts'],
  ['create-app.ts', 'testing'],
  ['index.ts', 'cli'],
];

interface Exception {
  readonly from: RegExp;
  readonly to: RegExp;
  readonly why: string;
}

/** Every import that the order above would refuse, and why it may stay. */
const UPWARD: readonly Exception[] = [
  {
    from: /^src\/kernel\/(outbound\/outbound|kernel)\.module\.ts$/,
    to: /^src\/config\/config\.ts$/,
    why: 'The two wiring files of the kernel hand settings to its parts, which take plain options and know no configuration.',
  },
  {
    from: /^src\/discovery\/(discovery\.controller|openapi-document)\.ts$/,
    to: /^src\/start\/package-info\.ts$/,
    why: 'The document and the manifest name the version; the file reads package.json and imports nothing.',
  },
];

/** Modules that must be able to stand alone name everything they import; the order alone would allow them more. */
const NARROW: Readonly<Record<string, { readonly may: RegExp; readonly why: string }>> = {
  kernel: { may: /^$/, why: 'What every module builds on builds on none.' },
  config: {
    may: /^src\/kernel\/crypto\/(secret|key-ring)\.ts$/,
    why: 'Settings are read before anything exists; they use two pure files of the kernel: what a secret is, and what a key ring looks like.',
  },
  migrations: { may: /^src\/kernel\/ids\/id-prefixes\.ts$/, why: 'A shipped migration must not change with the code.' },
  'embedded-postgres': { may: /^src\/kernel\//, why: 'The launcher of the development database knows no feature.' },
};

/** What belongs to its module alone. Other modules ask the service. */
const PRIVATE: readonly { readonly file: RegExp; readonly types: boolean; readonly why: string }[] = [
  { file: /\.controller\.ts$/, types: false, why: 'A route is called over HTTP.' },
  {
    file: /\.system-repository\.ts$/,
    types: false,
    why: 'Cross-tenant statements are called where they can be reviewed.',
  },
  { file: /\.repository\.ts$/, types: true, why: 'SQL is called through the service of its module.' },
  { file: /\.entity\.ts$/, types: true, why: 'A row may be passed on; the mapper’s class may not.' },
];

/** The kernel's and the edge's entities and repositories are bases that modules build on. */
const BASES = ['kernel', 'http'];

const ACROSS: readonly Exception[] = [
  {
    from: /^ormconfig\.ts$/,
    to: /\.entity\.ts$/,
    why: 'The data source lists every entity.',
  },
  {
    from: /^src\/sessions\/sessions\.system-repository\.ts$/,
    to: /^src\/users\/user\.entity\.ts$/,
    why: 'The look-up of a session brings the account with it in one statement and takes the column list from the entity.',
  },
];

const rankOf = new Map(RANKS.flatMap((modules, rank) => modules.map((module): [string, number] => [module, rank])));
const inner = imports.filter(({ relative }) => relative);
const crossing = inner.filter(({ from, to }) => moduleOf(from) !== moduleOf(to));
const shown = ({ from, to }: Import): string => `${from} imports ${to}`;
const matches = (exception: Exception, { from, to }: Import): boolean =>
  exception.from.test(from) && exception.to.test(to);

describe('module ranks', () => {
  it('every module has a rank', () => {
    expect([...new Set(sourceFiles.map(({ path }) => moduleOf(path)))].filter((module) => !rankOf.has(module))).toEqual(
      [],
    );
  });

  it('a module imports from lower ranks only', () => {
    const upward = crossing.filter((edge) => {
      const [from, to] = [rankOf.get(moduleOf(edge.from)) ?? 0, rankOf.get(moduleOf(edge.to)) ?? 0];
      return to >= from && !UPWARD.some((exception) => matches(exception, edge));
    });
    expect(upward.map(shown)).toEqual([]);
  });

  it('a module that must stand alone imports only what its line allows', () => {
    const wide = crossing.filter((edge) => {
      const narrow = NARROW[moduleOf(edge.from)];
      return narrow !== undefined && !narrow.may.test(edge.to) && !UPWARD.some((exception) => matches(exception, edge));
    });
    expect(wide.map(shown)).toEqual([]);
  });

  it('no module reaches into what another one keeps to itself', () => {
    const reaching = crossing.filter((edge) => {
      const kept = PRIVATE.find(({ file }) => file.test(edge.to));
      if (kept === undefined || BASES.includes(moduleOf(edge.to)) || (kept.types && edge.typeOnly)) return false;
      return !ACROSS.some((exception) => matches(exception, edge));
    });
    expect(reaching.map(shown)).toEqual([]);
  });

  it('nothing inside the product imports its barrels', () => {
    const barrels = inner.filter(
      ({ from, to }) => /^src\/(index|testing\/index)\.ts$/.test(to) && from !== 'src/index.ts',
    );
    expect(barrels.map(shown)).toEqual([]);
  });

  it('the product imports no test, and reaches outside src only for the data source', () => {
    const outside = inner.filter(
      ({ from, to }) => from.startsWith('src/') && !to.startsWith('src/') && to !== 'ormconfig.ts',
    );
    expect(outside.map(shown)).toEqual([]);
    expect(inner.filter(({ to }) => to.endsWith('.spec.ts')).map(shown)).toEqual([]);
  });

  it('every exception is still needed', () => {
    const unused = [...UPWARD, ...ACROSS].filter((exception) => !inner.some((edge) => matches(exception, edge)));
    expect(unused.map(({ why }) => why)).toEqual([]);
  });
});

describe('import cycles', () => {
  it('no file loads itself through others', () => {
    const loads = new Map<string, string[]>();
    for (const { from, to, typeOnly } of inner) {
      if (!typeOnly) loads.set(from, [...(loads.get(from) ?? []), to]);
    }
    expect(cyclesOf(loads)).toEqual([]);
  });
});

/** Depth first; a file met again while it is still open closes a cycle. */
function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const open: string[] = [];
  const visit = (file: string): void => {
    if (done.has(file)) return;
    if (open.includes(file)) {
      cycles.push([...open.slice(open.indexOf(file)), file].join(' → '));
      return;
    }
    open.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    open.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}
