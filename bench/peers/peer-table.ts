import type { Attempt, PeerRow, Versions } from './peer-rows.js';
import type { Cost } from './quantizer.js';

const percent = (value: number): string => `${(100 * value).toFixed(2)}%`;
const decibels = (value: number): string => `${value.toFixed(1)} dB`;
const TEXT = { drop: percent, dB: decibels };

/** Markdown with a row a model and mode, and the means. */
export function peerTable(rows: readonly PeerRow[], { cpu, octavo, onnxruntime }: Versions): string {
  return `# Public models: Octavo and onnxruntime's quantizer

Written by \`npm run bench:peers\` on ${cpu} with Octavo ${octavo} and onnxruntime ${onnxruntime}. Both quantize the same float file
with the same calibration samples in a process of their own: ours with the recipe of \`npm run test:real\`,
onnxruntime.quantization as its documentation recommends (pre-processing, QDQ, uint8 activations, int8 weights per channel,
min-max; weight-only: MatMulNBits, 4 bits in blocks of 32, rounded to nearest without samples, where ours learns the rounding
from them by GPTQ; "weight-only, nearest" has ours round to nearest too). Both results are scored on all samples by
onnxruntime-node with exact products. Models with labels show the drop against the float model, in points for shares and
relative for errors; the others show the SQNR of the outputs. "Ours worse by" compares the two results on the same samples,
with its 95% interval. Seconds are from the model's file to the quantized one with all modules loaded and onnxruntime's environment
started, the lesser of two runs each in turns; memory is the peak resident set of the process, its interpreter included; size is the quantized file over the float one.

| model | mode | metric | ours | onnxruntime | ours worse by | seconds, ours | onnxruntime | MiB, ours | onnxruntime | size, ours | onnxruntime |
|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
${rows.map((row) => `| ${cells(row).join(' | ')} |`).join('\n')}

${summary(rows)}
`;
}

function cells({ model, mode, metric, worth, ours, theirs, against }: PeerRow): string[] {
  const text = TEXT[worth];
  const worthOf = (attempt: Attempt): string =>
    'failure' in attempt ? `failed: ${attempt.failure}` : text(attempt.worth);
  const value = (attempt: Attempt, of: (cost: Cost & { readonly size: number }) => string): string =>
    'failure' in attempt ? '' : of(attempt);
  const interval = against?.interval
    ? ` (${text(against.interval.low)} .. ${text(against.interval.high)})`
    : '';
  const pair = (of: (cost: Cost & { readonly size: number }) => string): string[] => [
    value(ours, of),
    value(theirs, of),
  ];
  return [
    model,
    mode,
    metric,
    worthOf(ours),
    worthOf(theirs),
    against ? `${text(against.drop)}${interval}` : '',
    ...pair(({ seconds }) => seconds.toFixed(2)),
    ...pair(({ peakMiB }) => peakMiB.toFixed(0)),
    ...pair(({ size }) => `${size.toFixed(2)}x`),
  ];
}

interface Pair {
  readonly isSameWork: boolean;
  readonly worth: PeerRow['worth'];
  readonly ours: Cost & { readonly worth: number };
  readonly theirs: Cost & { readonly worth: number };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function summary(rows: readonly PeerRow[]): string {
  const both = rows.flatMap(({ ours, theirs, against, ...row }) =>
    'failure' in ours || 'failure' in theirs || !against ? [] : [{ ...row, ours, theirs, against }],
  );
  const judged = both.flatMap(({ against: { interval } }) => interval ?? []);
  const worse = judged.filter(({ low }) => low > 0).length;
  const better = judged.filter(({ high }) => high < 0).length;
  const same = both.filter(({ isSameWork }) => isSameWork);
  return `Over the ${both.length} rows that both give: ${meanWorths(both).join('; ')}. Ours is significantly worse on ${worse}, better on ${better}.
Ours over theirs, geometric means: seconds ${ratio(both, SECONDS)}, memory ${ratio(both, MEMORY)}.
Without the ${both.length - same.length} rows where ours learns the rounding and theirs rounds to nearest: seconds ${ratio(same, SECONDS)}.`;
}

function meanWorths(pairs: readonly Pair[]): string[] {
  return (['drop', 'dB'] as const).flatMap((unit) => {
    const some = pairs.filter(({ worth }) => worth === unit);
    const side = (which: 'ours' | 'theirs'): string => TEXT[unit](mean(some.map((row) => row[which].worth)));
    return some.length === 0
      ? []
      : [`mean ${unit === 'drop' ? 'drop' : 'SQNR'} ${side('ours')} against ${side('theirs')}`];
  });
}

const SECONDS = ({ seconds }: Cost): number => seconds;
const MEMORY = ({ peakMiB }: Cost): number => peakMiB;

/** The geometric mean of what ours cost over what theirs did, and how often ours cost more. */
function ratio(pairs: readonly Pair[], of: (cost: Cost) => number): string {
  const logarithms = pairs.map(({ ours, theirs }) => Math.log(of(ours) / of(theirs)));
  const costlier = logarithms.filter((logarithm) => logarithm > 0).length;
  return `${Math.exp(mean(logarithms)).toFixed(2)} (more on ${costlier})`;
}
