import { Command, CommanderError } from 'commander';
import { compareCommand } from './commands/compare.js';
import { evaluateCommand } from './commands/evaluate.js';
import { inspectCommand } from './commands/inspect.js';
import { quantizeCommand } from './commands/quantize.js';
import { runCommand } from './commands/run.js';
import { Output, type Streams } from './console-output.js';
import type { CommandContext } from './context.js';
import { UsageError } from './usage-error.js';
import { version } from './version.js';

/** Adds one command to the program. */
export type CommandFactory = (context: (json: boolean) => CommandContext) => Command;

const COMMANDS: readonly CommandFactory[] = [
  inspectCommand,
  quantizeCommand,
  evaluateCommand,
  compareCommand,
  runCommand,
];

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** 128 + SIGINT, as shells have it. */
const EXIT_INTERRUPTED = 130;

/**
 * Runs a command line.
 * @returns 0; 1 when the job or a gate failed; 2 for wrong usage; 130 after Ctrl-C.
 */
export async function main(args: readonly string[], streams: Streams = process): Promise<number> {
  const interrupt = new AbortController();
  const onInterrupt = (): void => {
    if (interrupt.signal.aborted) process.exit(EXIT_INTERRUPTED);
    interrupt.abort(new Error('interrupted'));
  };
  process.on('SIGINT', onInterrupt);
  const output = new Output(streams, args.includes('--json'));
  try {
    await createProgram(streams, (json) => ({
      output: new Output(streams, json),
      streams,
      signal: interrupt.signal,
    })).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (interrupt.signal.aborted) {
      output.failure(new Error('interrupted; nothing was written.'));
      return EXIT_INTERRUPTED;
    }
    return report(error, output);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

/** The whole command tree; tests print its help. */
export function createProgram(streams: Streams, context: (json: boolean) => CommandContext): Command {
  const program = new Command('octavo')
    .description('Quantizes ONNX models, proves that their accuracy holds, and runs them.')
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
    })
    .showHelpAfterError('(add --help for usage and examples)');
  for (const factory of COMMANDS) program.addCommand(inherit(factory(context), program));
  return program;
}

function inherit(command: Command, program: Command): Command {
  return command.copyInheritedSettings(program).option('--json', 'print one JSON document on stdout');
}

function report(error: unknown, output: Output): number {
  if (error instanceof CommanderError) {
    if (output.json) output.failure(new UsageError(error.message.replace(/^error: /, '')));
    return EXIT_USAGE;
  }
  output.failure(error);
  if (
    error instanceof UsageError ||
    (error instanceof Error && 'code' in error && String(error.code).startsWith('RECIPE_'))
  )
    return EXIT_USAGE;
  return EXIT_FAILED;
}
