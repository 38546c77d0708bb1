import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeFolder } from './remove-folder.js';

/** Commands of a document, and what it says that they print. */
export interface TourStep {
  readonly commands: string;
  readonly expected: readonly string[];
}

const BLOCK = /^```bash\n(.*?)^```$/gms;
const EXPECTATION = /^# → (.*)$/;

/** Reads the shell blocks of a part of a Markdown document; lines `# → text` say what the commands above them print. */
export function tourSteps(markdown: string): TourStep[] {
  return [...markdown.matchAll(BLOCK)].flatMap(([, block]) => stepsOf((block ?? '').trimEnd().split('\n')));
}

function stepsOf(lines: readonly string[]): TourStep[] {
  const steps: { commands: string[]; expected: string[] }[] = [];
  for (const line of lines) {
    const expected = EXPECTATION.exec(line)?.[1];
    let step = steps.at(-1);
    if (step === undefined || (expected === undefined && step.expected.length > 0)) {
      step = { commands: [], expected: [] };
      steps.push(step);
    }
    if (expected === undefined) step.commands.push(line);
    else step.expected.push(expected);
  }
  return steps.map(({ commands, expected }) => ({ commands: commands.join('\n'), expected }));
}

/** What a step printed, and how it ended. */
export interface StepOutcome extends TourStep {
  readonly output: string;
}

/**
 * Types the steps into one shell, in a folder of its own: variables and files of one step are there in the next.
 * @param variables replace the lines of the document that set them.
 * @throws Error when a command fails.
 */
export async function walk(
  steps: readonly TourStep[],
  variables: Readonly<Record<string, string>>,
): Promise<StepOutcome[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'authsome-tour-'));
  try {
    const script = steps.map(({ commands }, index) => `{\n${withValues(commands, variables)}\n} > .step-${index}`);
    const file = path.join(folder, '.tour.sh');
    await writeFile(file, `set -euo pipefail\n${script.join('\n')}\n`);
    await run('bash', [file], folder);
    return await Promise.all(
      steps.map(async (step, index) => ({
        ...step,
        output: await readFile(path.join(folder, `.step-${index}`), 'utf8'),
      })),
    );
  } finally {
    await removeFolder(folder);
  }
}

function withValues(commands: string, variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables).reduce(
    (text, [name, value]) => text.replace(new RegExp(`^${name}=.*$`, 'm'), `${name}='${value}'`),
    commands,
  );
}

function run(command: string, args: string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd }, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`the tour stopped: ${error.message}\n${stdout}${stderr}`));
    });
  });
}
