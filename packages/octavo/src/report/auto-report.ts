import type { ReportDocument, Section } from '@octavo/evaluation/report';
import type { Attempt, Coverage, QuantizationReport } from '@octavo/quantizer';
import { formatBytes } from '../cli/table.js';
import { measuredChapters } from './chapters/index.js';
import type { MeasuredModels } from './measured.js';

/** What an automatic search found, and the files that it read and wrote. */
export interface AutoRun {
  readonly input: string;
  /** null when nothing passed. */
  readonly output: string | null;
  readonly metric: string;
  readonly validation: string;
  readonly calibration: string | null;
  readonly minRetention: number;
  /** The original's metric, and its bytes on disk with external data. */
  readonly original: { readonly value: number; readonly bytes: number };
  readonly bytesAfter: number | null;
  /** Index of the attempt whose model was written. */
  readonly chosen: number | null;
  readonly attempts: readonly Attempt[];
  readonly warnings: readonly string[];
  /** Where the validation data lie beyond the calibration set; null without one. */
  readonly coverage: Coverage | null;
  /** How the chosen model was quantized. */
  readonly quantization: QuantizationReport | null;
}

/** The report of a run, and of what was measured of its result. */
export function describeAuto(run: AutoRun, measured: MeasuredModels | null): ReportDocument {
  const warnings = run.warnings.map((text): Section => ({ kind: 'text', text: `Warning: ${text}` }));
  const { quantization } = run;
  return {
    title: `Automatic quantization of ${run.input}`,
    chapters: [
      { title: 'Result', sections: [factsOf(run), ...warnings] },
      { title: 'What was tried', sections: [attemptsOf(run), ...chartsOf(run)] },
      ...(measured ? measuredChapters(measured) : []),
      ...(quantization ? [{ title: 'Node by node', sections: [decisionsOf(quantization)] }] : []),
    ],
  };
}

function factsOf({ minRetention, metric, original, chosen, attempts, bytesAfter }: AutoRun): Section {
  const attempt = chosen === null ? undefined : attempts[chosen];
  const result = attempt ? nameOf(attempt) : 'nothing passed';
  const size = bytesAfter === null ? '' : ` to ${formatBytes(bytesAfter)}`;
  return {
    kind: 'facts',
    facts: [
      ['kept', result],
      ['metric', `${metric}, ${original.value.toPrecision(5)} for the original`],
      ['least retention', percent(minRetention)],
      ['size', `${formatBytes(original.bytes)}${size}`],
    ],
  };
}

function attemptsOf({ attempts }: AutoRun): Section {
  const rows = attempts.map(({ rung, label, outcome, because, undecided, figures, seconds }, index) => [
    String(index + 1),
    rung,
    label,
    outcome,
    figures ? figures.quality.value.toPrecision(5) : '',
    figures ? percent(figures.retention) : '',
    figures ? figures.latency.map(({ target, ratio }) => `${ratio.toFixed(2)}x on ${target}`).join(', ') : '',
    figures ? formatBytes(figures.bytes) : '',
    `${seconds.toFixed(1)} s`,
    [because, undecided].filter((text) => text !== undefined).join('; '),
  ]);
  const header = [
    '',
    'method',
    'with',
    'outcome',
    'metric',
    'retention',
    'time',
    'tensors',
    'took',
    'because',
  ];
  return { kind: 'table', caption: 'Attempts, in order', header, rows };
}

function chartsOf({ attempts, chosen }: AutoRun): Section[] {
  const points = attempts.flatMap(({ figures, outcome }, index) => {
    if (!figures) return [];
    const group = index === chosen ? 'chosen' : outcome;
    return [
      { name: String(index + 1), x: figures.latency[0]?.ratio ?? Number.NaN, y: figures.retention, group },
    ];
  });
  if (points.length === 0) return [];
  return [
    {
      kind: 'scatter',
      points,
      label: 'time relative to the original',
      yLabel: 'retention',
      percent: true,
      description:
        'Share of the original metric that each attempt keeps, by its median time over that of the original on the first target; numbers are those of the table.',
    },
  ];
}

function decisionsOf({ decisions }: QuantizationReport): Section {
  return {
    kind: 'table',
    caption: 'Decisions',
    header: ['node', 'op', 'precision', 'because'],
    rows: decisions.map(({ node, op, quantized, because }) => [
      node,
      op,
      quantized ? 'quantized' : 'float',
      because,
    ]),
  };
}

function nameOf({ rung, label }: Attempt): string {
  return label ? `${rung}, ${label}` : rung;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
