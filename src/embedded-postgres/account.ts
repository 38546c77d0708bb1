import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/**
 * Whom PostgreSQL's programs run as. PostgreSQL refuses to run as root, because whoever breaks out of it would be root; and it wants
 * to own its data.
 */
export interface Account {
  /** For people: `in a user namespace`. */
  readonly description: string;
  /** Programs, each with its arguments, that replace themselves by the one named after them. The process id stays the same. */
  readonly wrapper: readonly string[];
  /** Undefined: those of this process. */
  readonly ids?: { readonly uid: number; readonly gid: number };
}

/**
 * The environment of PostgreSQL's programs. The caller's is withheld: PGDATESTYLE and its like change how a server answers, and its
 * messages are read here, so they have to be English.
 */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
};

const CURRENT: Account = { description: 'as the current user', wrapper: [] };

/** Root in disguise: to PostgreSQL it is nobody, the files stay root's, and no such user has to reach them. */
const NAMESPACE: Account = {
  description: 'in a user namespace',
  wrapper: ['unshare', '--user', '--map-user=65534', '--map-group=65534', '--'],
};

/** Asks the kernel for a fast shutdown of PostgreSQL when this process dies, by SIGKILL too. */
const DIE_WITH_PARENT = ['setpriv', '--pdeathsig', 'INT', '--'];

const isRoot = (): boolean => process.geteuid?.() === 0;

/** @returns the accounts that might run a new data folder in `folder`, best first. */
export async function accountsForNewData(folder: string): Promise<Account[]> {
  if (!isRoot()) return [CURRENT];
  // Where root works in somebody's tree (sudo, a mounted folder), the data is best owned by them.
  const owners = await Promise.all([folder, path.dirname(folder)].map(ownerAccount));
  const users = await Promise.all(['postgres', 'nobody'].map(userAccount));
  return [NAMESPACE, ...[...owners, ...users].filter((account) => account !== undefined)];
}

/** @returns the one account that may run the existing data folder `data`. */
export async function accountForData(data: string): Promise<Account> {
  if (!isRoot()) return CURRENT;
  return (await ownerAccount(data)) ?? NAMESPACE;
}

/**
 * Tries `account` by running `postgres --version`.
 * @returns the account, tied to the life of this process where that is possible.
 * @throws Error saying why PostgreSQL does not run like this.
 */
export async function tried(account: Account, postgres: string): Promise<Account> {
  if (process.platform === 'linux') {
    const tied = { ...account, wrapper: [...account.wrapper, ...DIE_WITH_PARENT] };
    const works = await runAs(tied, postgres, ['--version']).catch(() => undefined);
    if (works !== undefined) return tied;
  }
  await runAs(account, postgres, ['--version']);
  return account;
}

/**
 * Runs a program to its end.
 * @param input for its standard input.
 * @returns what it printed. @throws Error with what it complained about.
 */
export async function runAs(account: Account, program: string, args: readonly string[], input = ''): Promise<string> {
  const [file, ...rest] = commandLine(account, program, args);
  const running = execute(file, rest, { env: ENVIRONMENT, windowsHide: true, ...account.ids });
  running.child.stdin?.on('error', () => undefined);
  running.child.stdin?.end(input);
  try {
    return (await running).stdout;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(stderr?.trim() || message, { cause: error });
  }
}

/** Starts a program in a session of its own: Ctrl-C in the terminal goes to this process, which then stops PostgreSQL in order. */
export function spawnAs(
  account: Account,
  program: string,
  args: readonly string[],
): ChildProcessByStdio<null, null, Readable> {
  const [file, ...rest] = commandLine(account, program, args);
  return spawn(file, rest, {
    env: ENVIRONMENT,
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...account.ids,
  });
}

function commandLine(account: Account, program: string, args: readonly string[]): [string, ...string[]] {
  const [first, ...wrapper] = account.wrapper;
  return first === undefined ? [program, ...args] : [first, ...wrapper, program, ...args];
}

/** @returns undefined where root is the owner. */
async function ownerAccount(place: string): Promise<Account | undefined> {
  const { uid, gid } = await stat(place);
  return uid === 0 ? undefined : { description: `as the owner of ${place}`, wrapper: [], ids: { uid, gid } };
}

/** @returns undefined where there is no user of that name. */
async function userAccount(name: string): Promise<Account | undefined> {
  const id = async (what: '-u' | '-g'): Promise<number> => Number((await execute('id', [what, name])).stdout);
  try {
    return { description: `as ${name}`, wrapper: [], ids: { uid: await id('-u'), gid: await id('-g') } };
  } catch {
    return undefined;
  }
}
