import { basename, dirname } from 'node:path';
import { loadOnnx } from '@octavo/formats/node';
import { type NodeProfile, type NodeSpan, portOf, type SessionProfile } from '@octavo/runtime';
import { Command } from 'commander';
import { writeFiles } from '../../output-files.js';
import { BACKEND_NAMES, type BackendName, openSession } from '../../sessions.js';
import { choice, wholeNumber } from '../arguments.js';
import { type CommandContext, checkpoint } from '../context.js';
import { type FeedFlags, feedOptions, readFeeds } from '../feeds.js';
import { checkOutputFile } from '../output-path.js';

interface ProfileFlags extends FeedFlags {
  readonly backend: BackendName;
  readonly rounds: number;
  readonly threads?: number;
  readonly trace?: string;
}

/** What `octavo profile --json` prints; times are in milliseconds. */
export interface ProfileResult {
  readonly model: string;
  readonly rounds: number;
  readonly milliseconds: number;
  readonly nodes: readonly NodeProfile[];
  readonly spans: readonly NodeSpan[];
  /** Written file, when `--trace` was given. */
  readonly trace: string | null;
}

const EXAMPLES = `
Examples:
  octavo profile model.onnx --rounds 50
  octavo profile model.onnx --input x=row.npy --trace trace.json`;

export function profileCommand(context: CommandContext): Command {
  const command = new Command('profile')
    .description('Time each node of a model.')
    .argument('<model>', 'ONNX file')
    .addOption(
      choice(
        '--backend <name>',
        'what runs the model (auto: our own, else onnxruntime)',
        BACKEND_NAMES,
        'auto',
      ),
    )
    .option('--rounds <n>', 'timed runs', wholeNumber(1), 10)
    .option('--threads <n>', 'the most threads of a run', wholeNumber(1))
    .option('--trace <file>', 'write a trace for chrome://tracing or Perfetto')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, flags: ProfileFlags) => profile(file, flags, context));
  for (const option of feedOptions()) command.addOption(option);
  return command;
}

async function profile(file: string, flags: ProfileFlags, context: CommandContext): Promise<void> {
  const model = await loadOnnx(file);
  const feeds = await readFeeds(flags, model.graph.inputs.map(portOf));
  if (flags.trace !== undefined) await checkOutputFile(flags.trace, [file]);
  using session = await openSession(model, {
    backend: flags.backend,
    notice: (line) => context.output.notice(line),
    ...(flags.threads === undefined ? {} : { threads: flags.threads }),
  });
  await checkpoint(context.signal);
  const found = await session.profile(feeds.tensors, { rounds: flags.rounds, signal: context.signal });
  const trace = flags.trace === undefined ? null : await writeTrace(flags.trace, found, context.signal);
  const { rounds, milliseconds, nodes, spans } = found;
  const result: ProfileResult = { model: file, rounds, milliseconds, nodes, spans, trace };
  const written = trace === null ? '' : `\n${trace}`;
  context.output.result(result, `${found}\n\n${milliseconds.toFixed(3)} ms a run${written}`);
}

async function writeTrace(path: string, found: SessionProfile, signal: AbortSignal): Promise<string> {
  const content = JSON.stringify(found.toChromeTrace());
  const [written] = await writeFiles(dirname(path), new Map([[basename(path), content]]), signal);
  return written ?? path;
}
