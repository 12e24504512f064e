import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Tensor, toNumbers } from '@octavo/core/tensor';
import { readNpy, writeNpy } from '@octavo/datasets/node';
import { loadOnnx } from '@octavo/formats/node';
import type { NamedTensors, NodeExplanation, Port } from '@octavo/runtime';
import { Command } from 'commander';
import { BACKEND_NAMES, type BackendName, openSession } from '../../sessions.js';
import { choice, collect, wholeNumber } from '../arguments.js';
import type { CommandContext } from '../context.js';
import { randomFeeds } from '../random-feeds.js';
import { formatTable } from '../table.js';
import { UsageError } from '../usage-error.js';

interface RunFlags {
  readonly json?: boolean;
  readonly input: readonly string[];
  readonly output?: string;
  readonly backend: BackendName;
  readonly explain?: boolean;
  readonly seed: number;
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

export function runCommand(context: (json: boolean) => CommandContext): Command {
  return new Command('run')
    .description('Run a model once on .npy inputs, or on seeded random ones.')
    .argument('<model>', 'ONNX file')
    .option('--input <name=file>', 'an input as .npy (repeatable)', collect, [])
    .option('--output <dir>', 'write each output as .npy')
    .addOption(choice('--backend <name>', 'what runs the model', BACKEND_NAMES, 'auto'))
    .option('--explain', 'print backend and kernel of each node')
    .option('--seed <n>', 'seed of random inputs', wholeNumber(0), 1)
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, flags: RunFlags) => runOnce(file, flags, context(flags.json ?? false)));
}

async function runOnce(file: string, flags: RunFlags, context: CommandContext): Promise<void> {
  using session = await openSession(await loadOnnx(file), {
    backend: flags.backend,
    notice: (line) => context.output.notice(line),
  });
  const given = await readInputs(flags.input, session.inputs);
  const missing = session.inputs.filter((port) => !(port.name in given));
  const feeds = { ...randomFeeds(missing, flags.seed), ...given };
  const start = performance.now();
  const outputs = await session.run(feeds, { signal: context.signal });
  const milliseconds = performance.now() - start;
  const files = flags.output ? await writeOutputs(flags.output, outputs) : new Map<string, string>();
  const { nodes } = session.explain();
  const result: RunResult = {
    model: file,
    milliseconds,
    randomInputs: missing.map((port) => port.name),
    outputs: Object.entries(outputs).map(([name, tensor]) => summarize(name, tensor, files.get(name))),
    nodes,
  };
  const explanation = flags.explain ? `\n\n${session.explain().toString()}` : '';
  context.output.result(result, `${describe(result)}${explanation}`);
}

async function readInputs(specs: readonly string[], ports: readonly Port[]): Promise<Record<string, Tensor>> {
  const feeds: Record<string, Tensor> = {};
  for (const spec of specs) {
    const at = spec.indexOf('=');
    const name = spec.slice(0, at);
    if (at < 1 || !ports.some((port) => port.name === name)) {
      throw new UsageError(
        `--input ${spec} names no input.`,
        `Write name=file.npy; the inputs are ${ports.map((port) => port.name).join(', ')}.`,
      );
    }
    feeds[name] = await readNpy(spec.slice(at + 1));
  }
  return feeds;
}

async function writeOutputs(directory: string, outputs: NamedTensors): Promise<Map<string, string>> {
  await mkdir(directory, { recursive: true });
  const files = new Map<string, string>();
  for (const [name, tensor] of Object.entries(outputs)) {
    const file = join(directory, `${name.replace(/[^A-Za-z0-9_.-]/g, '_')}.npy`);
    await writeNpy(file, tensor);
    files.set(name, file);
  }
  return files;
}

function summarize(name: string, tensor: Tensor, file: string | undefined): TensorSummary {
  const base = { name, dtype: tensor.dtype, shape: tensor.shape, file: file ?? null };
  if (tensor.dtype === 'string') return { ...base, min: null, max: null, mean: null };
  let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  const numbers = toNumbers(tensor);
  for (const value of numbers) {
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  return numbers.length === 0
    ? { ...base, min: null, max: null, mean: null }
    : { ...base, min, max, mean: sum / numbers.length };
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
