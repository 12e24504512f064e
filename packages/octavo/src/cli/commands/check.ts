import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { OctavoError } from '@octavo/core/tensor';
import {
  type CheckReport,
  checkMarkdown,
  compareSnapshot,
  type GateResult,
  judgeSuite,
  type Measurements,
  metricsOf,
  parseSnapshot,
  parseSuite,
  type Suite,
  takeSnapshot,
  worstSamples,
} from '@octavo/evaluation';
import { loadOnnx, sourceFiles } from '@octavo/formats/node';
import { Command } from 'commander';
import { measureSuite } from '../../check/measure-suite.js';
import { writeFiles } from '../../output-files.js';
import type { BackendName } from '../../sessions.js';
import { sessionOptions } from '../arguments.js';
import type { CommandContext } from '../context.js';
import { toJson } from '../json.js';
import { checkOutputFile } from '../output-path.js';
import { formatTable } from '../table.js';
import { UsageError } from '../usage-error.js';

interface CheckFlags {
  readonly against: string;
  readonly suite: string;
  readonly markdown?: string;
  readonly junit?: string;
  readonly snapshot?: string;
  readonly updateSnapshot?: boolean;
  readonly memory: boolean;
  readonly backend: BackendName;
  readonly threads?: number;
}

const EXAMPLES = `
Examples:
  octavo check model.int8.onnx --against model.onnx --suite suite.yaml
  octavo check model.int8.onnx --against model.onnx --suite suite.yaml --markdown check.md --junit check.xml --json
  octavo check model.int8.onnx --against model.onnx --suite suite.yaml --snapshot model.snapshot.json`;

export function checkCommand(context: CommandContext): Command {
  const command = new Command('check')
    .description('Judge whether a quantized model is ready, by the limits of a suite file.')
    .argument('<model>', 'ONNX file')
    .requiredOption('--against <file>', 'the original model')
    .requiredOption('--suite <file>', 'YAML or JSON file: data, metrics, segments and limits')
    .option('--markdown <file>', 'write the result for a pull request')
    .option('--junit <file>', 'write the result as JUnit XML')
    .option('--snapshot <file>', 'compare with a committed snapshot; written when it does not exist')
    .option('--update-snapshot', 'write the snapshot anew instead of comparing')
    .option('--no-memory', 'leave peak memory unmeasured')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, flags: CheckFlags) => {
      const report = await checkFile(file, flags, context);
      context.output.result(report, describe(report), report.verdict === 'ready');
    });
  for (const option of sessionOptions()) command.addOption(option);
  return command;
}

async function checkFile(file: string, flags: CheckFlags, context: CommandContext): Promise<CheckReport> {
  const { against, markdown, junit, snapshot, updateSnapshot, backend, threads } = flags;
  if (updateSnapshot && snapshot === undefined)
    throw new UsageError('--update-snapshot needs --snapshot FILE.');
  const suite = await readSuite(flags.suite);
  const [quantized, original] = [await loadOnnx(file), await loadOnnx(against)];
  const inputs = [
    file,
    against,
    flags.suite,
    suite.data,
    ...sourceFiles(quantized),
    ...sourceFiles(original),
  ];
  for (const output of [markdown, junit, snapshot])
    if (output !== undefined) await checkOutputFile(output, inputs);
  const known = updateSnapshot ? undefined : await readSnapshot(snapshot);
  const job = {
    quantized: { file, model: quantized },
    original: { file: against, model: original },
    backend,
    skipMemory: !flags.memory,
    ...(threads === undefined ? {} : { threads }),
  };
  const measurements = await measureSuite(suite, job, context);
  const since = known ? compareSnapshot(suite, known, takeSnapshot(measurements)) : [];
  const report = reportOf(file, flags, suite, measurements, since);
  if (markdown !== undefined) await write(markdown, checkMarkdown(report), context.signal);
  if (junit !== undefined) {
    const { checkJunit } = await import('@octavo/evaluation/report');
    await write(junit, checkJunit(report), context.signal);
  }
  if (snapshot !== undefined && !known)
    await write(snapshot, toJson(takeSnapshot(measurements)), context.signal);
  return report;
}

function reportOf(
  file: string,
  { against, suite: suiteFile }: CheckFlags,
  suite: Suite,
  measurements: Measurements & { readonly samples: number },
  since: readonly GateResult[],
): CheckReport {
  const { evaluations, fidelity, performance, stability, samples, scored, original } = measurements;
  const [metric] = metricsOf(suite);
  return {
    ...judgeSuite(suite, measurements, since),
    model: file,
    against,
    suite: suite.name ?? suiteFile,
    samples,
    evaluations,
    fidelity,
    performance,
    stability,
    worst: metric ? worstSamples(metric, scored, { original }) : [],
  };
}

/** Paths in a suite are relative to it. */
async function readSuite(file: string): Promise<Suite> {
  const suite = parseSuite(await readText(file, 'SUITE_UNREADABLE'), file);
  const place = (path: string): string => (isAbsolute(path) ? path : join(dirname(file), path));
  const { data, preprocess } = suite;
  return {
    ...suite,
    data: place(data),
    ...(preprocess === undefined ? {} : { preprocess: place(preprocess) }),
  };
}

async function readSnapshot(file: string | undefined): Promise<ReturnType<typeof parseSnapshot> | undefined> {
  if (file === undefined || !(await stat(file).catch(() => undefined))) return undefined;
  return parseSnapshot(await readText(file, 'FILE_UNREADABLE'), file);
}

async function readText(file: string, code: string): Promise<string> {
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new OctavoError({
      code,
      where: file,
      message: `it cannot be read (${cause instanceof Error ? cause.message : String(cause)}).`,
      remedy: 'Check the path and its permissions.',
      cause,
    });
  });
}

async function write(file: string, text: string, signal: AbortSignal): Promise<void> {
  await writeFiles(dirname(file), new Map([[basename(file), text]]), signal);
}

function describe({ verdict, gates, reasons, model }: CheckReport): string {
  const rows = gates.map(({ status, group, name, because }) => [status, group, name, because]);
  const table = formatTable(['result', 'group', 'limit', 'because'], rows);
  const heading = `${model}: ${verdict}`;
  return [table, '', heading, ...reasons.map((reason) => `  ${reason}`)].join('\n');
}
