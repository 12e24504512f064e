import { type Tensor, toNumbers } from '@octavo/core/tensor';
import { encodeNpy } from '@octavo/datasets/node';
import { loadOnnx } from '@octavo/formats/node';
import { type NamedTensors, type NodeExplanation, portOf, type Session } from '@octavo/runtime';
import { Command } from 'commander';
import { writeFiles } from '../../output-files.js';
import { BACKEND_NAMES, type BackendName, openSession } from '../../sessions.js';
import { choice, wholeNumber } from '../arguments.js';
import { type CommandContext, checkpoint } from '../context.js';
import { type FeedFlags, feedOptions, readFeeds } from '../feeds.js';
import { checkOutputDirectory } from '../output-path.js';
import { formatTable } from '../table.js';

interface RunFlags extends FeedFlags {
  readonly output?: string;
  readonly backend: BackendName;
  readonly explain?: boolean;
  readonly threads?: number;
}

interface TensorSummary {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Written file, when `--output` was given. */
  readonly file: string | null;
}

/** What `octavo run --json` prints. */
export interface RunResult {
  readonly model: string;
  readonly milliseconds: number;
  /** Inputs that were not given and got seeded random elements. */
  readonly randomInputs: readonly string[];
  readonly outputs: readonly TensorSummary[];
  readonly nodes: readonly NodeExplanation[];
}

const EXAMPLES = `
Examples:
  octavo run model.onnx --input features=row.npy --output out/
  octavo run model.onnx --backend reference --explain`;

export function runCommand(context: CommandContext): Command {
  const command = new Command('run')
    .description('Run a model once on inputs from files, or on seeded random ones.')
    .argument('<model>', 'ONNX file')
    .option('--output <dir>', 'write each output as .npy')
    .addOption(
      choice(
        '--backend <name>',
        'what runs the model (auto: our own, else onnxruntime)',
        BACKEND_NAMES,
        'auto',
      ),
    )
    .option('--explain', 'print backend and kernel of each node')
    .option('--threads <n>', 'the most threads of the run', wholeNumber(1))
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, flags: RunFlags) => runOnce(file, flags, context));
  for (const option of feedOptions()) command.addOption(option);
  return command;
}

async function runOnce(file: string, flags: RunFlags, context: CommandContext): Promise<void> {
  const model = await loadOnnx(file);
  const given = await readFeeds(flags, model.graph.inputs.map(portOf));
  if (flags.output !== undefined) await checkOutputDirectory(flags.output);
  using session = await openSession(model, {
    backend: flags.backend,
    notice: (line) => context.output.notice(line),
    ...(flags.threads === undefined ? {} : { threads: flags.threads }),
  });
  await checkpoint(context.signal);
  const start = performance.now();
  const outputs = await session.run(given.tensors, { signal: context.signal });
  const milliseconds = performance.now() - start;
  await checkpoint(context.signal);
  const files = flags.output === undefined ? [] : await writeOutputs(flags.output, outputs, context.signal);
  const result: RunResult = {
    model: file,
    milliseconds,
    randomInputs: given.random,
    outputs: Object.entries(outputs).map(([name, tensor], i) => summarize(name, tensor, files[i])),
    nodes: session.explain().nodes,
  };
  context.output.result(result, `${describe(result)}${explanation(flags, session)}`);
}

function writeOutputs(directory: string, outputs: NamedTensors, signal: AbortSignal): Promise<string[]> {
  const files = new Map<string, Uint8Array>();
  for (const [name, tensor] of Object.entries(outputs)) files.set(fileName(name, files), encodeNpy(tensor));
  return writeFiles(directory, files, signal);
}

/** The name as every file system takes it, numbered where two names become one. */
function fileName(name: string, taken: ReadonlyMap<string, unknown>): string {
  const base = name.replaceAll(/[^A-Za-z0-9_.-]/g, '_').replace(/^\./, '_');
  let candidate = `${base}.npy`;
  for (let count = 2; taken.has(candidate); count++) candidate = `${base}_${count}.npy`;
  return candidate;
}

function summarize(name: string, tensor: Tensor, file: string | undefined): TensorSummary {
  const base = { name, dtype: tensor.dtype, shape: tensor.shape, file: file ?? null };
  const none = { ...base, min: null, max: null, mean: null };
  if (tensor.dtype === 'string') return none;
  let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  const numbers = toNumbers(tensor);
  for (const value of numbers) {
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  return min > max ? none : { ...base, min, max, mean: sum / numbers.length };
}

function describe(result: RunResult): string {
  const number = (value: number | null): string => (value === null ? '' : value.toPrecision(6));
  const rows = result.outputs.map((each) => [
    each.name,
    each.dtype,
    `[${each.shape.join(', ')}]`,
    number(each.min),
    number(each.max),
    number(each.mean),
    each.file ?? '',
  ]);
  const random = result.randomInputs.length > 0 ? `random inputs: ${result.randomInputs.join(', ')}\n` : '';
  return `${random}${formatTable(['output', 'dtype', 'shape', 'min', 'max', 'mean', 'file'], rows)}\n${result.milliseconds.toFixed(2)} ms`;
}

function explanation(flags: RunFlags, session: Session): string {
  return flags.explain ? `\n\n${session.explain().toString()}` : '';
}
