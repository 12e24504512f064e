import { setImmediate } from 'node:timers/promises';
import { OctavoError } from '@octavo/core/tensor';
import { Command, CommanderError } from 'commander';
import { benchCommand } from './commands/bench.js';
import { calibrateCommand } from './commands/calibrate.js';
import { checkCommand } from './commands/check.js';
import { compareCommand } from './commands/compare.js';
import { evaluateCommand } from './commands/evaluate.js';
import { inspectCommand } from './commands/inspect.js';
import { mergeCommand } from './commands/merge.js';
import { profileCommand } from './commands/profile.js';
import { quantizeCommand } from './commands/quantize.js';
import { reportCommand } from './commands/report.js';
import { runCommand } from './commands/run.js';
import { sensitivityCommand } from './commands/sensitivity.js';
import { asOctavoError, Output, type Streams } from './console-output.js';
import type { CommandContext, CommandFactory } from './context.js';
import { EXIT_DONE, EXIT_USAGE, exitCodeOf } from './exit-codes.js';
import { Interrupt, type SignalSource } from './interrupt.js';
import { UsageError } from './usage-error.js';
import { version } from './version.js';

const COMMANDS: readonly CommandFactory[] = [
  inspectCommand,
  calibrateCommand,
  mergeCommand,
  quantizeCommand,
  evaluateCommand,
  compareCommand,
  checkCommand,
  reportCommand,
  sensitivityCommand,
  runCommand,
  profileCommand,
  benchCommand,
];

/**
 * Runs a command line.
 * @param args What follows `octavo`.
 * @returns The exit code: 0; 1 when the job failed or a check says no; 2 for wrong usage; 130 after Ctrl-C, 143 after SIGTERM.
 */
export async function main(
  args: readonly string[],
  streams: Streams = process,
  signals: SignalSource = process,
): Promise<number> {
  using interrupt = new Interrupt(signals);
  const output = new Output(streams, args.includes('--json'));
  const program = createProgram(streams, { output, streams, signal: interrupt.signal });
  try {
    if (args.includes('')) throw new UsageError('an argument is empty.', 'Check the variables in it.');
    await program.parseAsync([...args], { from: 'user' });
    return output.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return reportUsage(error, output);
    await setImmediate();
    return interrupt.exitCode === undefined
      ? reportFailure(asOctavoError(error), output)
      : reportInterrupt(interrupt.exitCode, output);
  }
}

/** The whole command tree; tests read its help. */
export function createProgram(streams: Streams, context: CommandContext): Command {
  const program = new Command('octavo')
    .description('Quantizes ONNX models, proves that their accuracy holds, and runs them.')
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
    })
    .showHelpAfterError('(add --help for usage and examples)')
    .addHelpText('after', '\nExamples:\n  octavo inspect model.onnx\n  octavo help quantize');
  for (const factory of COMMANDS) program.addCommand(inherit(factory(context), program));
  return program;
}

function inherit(command: Command, program: Command): Command {
  return command.copyInheritedSettings(program).option('--json', 'print one JSON document on stdout');
}

/** The parser has told people already; documents get the same. */
function reportUsage(error: CommanderError, output: Output): number {
  if (error.exitCode === 0) return EXIT_DONE;
  const message = error.code === 'commander.help' ? 'no command was given.' : error.message;
  if (output.json) output.failure(new UsageError(message.replace(/^error: /, '')));
  return EXIT_USAGE;
}

function reportFailure(error: OctavoError, output: Output): number {
  output.failure(error);
  return exitCodeOf(error);
}

function reportInterrupt(exitCode: number, output: Output): number {
  output.failure(
    new OctavoError({ code: 'INTERRUPTED', message: 'interrupted; no partial file is left behind.' }),
  );
  return exitCode;
}
