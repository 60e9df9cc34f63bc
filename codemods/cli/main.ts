/** From the command line to a command, and from whatever goes wrong to a message and an exit code. */
import { VERSION } from '../../src/package.ts';
import type { SettingsError } from '../../src/settings.ts';
import { HELP } from './help.ts';
import type { ExitCode, Host } from './run.ts';
import { nearest, UsageError } from './usage.ts';

type Command = (args: readonly string[], host: Host) => Promise<ExitCode>;

/** Each is loaded when it is run: help and mistakes answer at once. */
const COMMANDS: Readonly<Record<Exclude<keyof typeof HELP, ''>, () => Promise<Command>>> = {
  scan: async () => (await import('./scan.ts')).scan,
  migrate: async () => (await import('./migrate.ts')).migrate,
  'unify-upserts': async () => (await import('./unify.ts')).unifyUpserts,
  keys: async () => (await import('./keys.ts')).keys,
  explain: async () => (await import('./explain.ts')).explain,
};

/** Never throws. */
export async function main(args: readonly string[], host: Host): Promise<ExitCode> {
  const [name, ...rest] = args;
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      host.out.write(`${rest[0] !== undefined && isCommand(rest[0]) ? HELP[rest[0]] : HELP['']}\n`);
      return name === undefined ? 2 : 0;
    }
    if (name === '--version' || name === '-v') {
      host.out.write(`${VERSION}\n`);
      return 0;
    }
    if (!isCommand(name)) {
      const near = nearest(name, Object.keys(COMMANDS));
      throw new UsageError(`there is no command ${name}${near ? `; did you mean ${near}?` : '.'} See 'db-race --help'.`);
    }
    const end = rest.indexOf('--');
    if ((end < 0 ? rest : rest.slice(0, end)).some((one) => one === '--help' || one === '-h')) {
      host.out.write(`${HELP[name]}\n`);
      return 0;
    }
    return await (await COMMANDS[name]())(rest, host);
  } catch (error) {
    if (error instanceof UsageError) host.err.write(`db-race: ${error.message}\n`);
    else if (isSettingsError(error)) host.err.write(`db-race: ${error.message} (options --schema, --dialect, --clients, --settings)\n`);
    else host.err.write(`db-race: internal error; please report it.\n${(error as Error).stack ?? String(error)}\n`);
    return 2;
  }
}

const isCommand = (name: string): name is keyof typeof COMMANDS => Object.hasOwn(COMMANDS, name);

/** By its name: its class comes with all libraries. */
const isSettingsError = (error: unknown): error is SettingsError => error instanceof Error && error.name === 'SettingsError';
