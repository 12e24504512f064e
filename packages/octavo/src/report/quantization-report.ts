import type { ReportDocument, Section } from '@octavo/evaluation/report';
import type { Coverage, QuantizationReport } from '@octavo/quantizer';
import { formatBytes } from '../cli/table.js';
import { measuredChapters } from './chapters/index.js';
import type { MeasuredModels } from './measured.js';

/** What `report.json` holds: a quantization and the files that it read and wrote. */
export interface QuantizationRun extends QuantizationReport {
  readonly input: string;
  readonly output: string;
  /** Sizes with external data. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Where the validation data lie beyond the calibration set; null where only one of them is given. */
  readonly coverage: Coverage | null;
}

/** The report of a run, and of what was measured of its result. */
export function describeQuantization(run: QuantizationRun, measured: MeasuredModels | null): ReportDocument {
  const warnings = run.warnings.map((warning): Section => ({ kind: 'text', text: `Warning: ${warning}` }));
  return {
    title: `Quantization of ${run.input}`,
    chapters: [
      { title: 'What was done', sections: [factsOf(run), ...warnings] },
      ...(measured ? measuredChapters(measured) : []),
      { title: 'Node by node', sections: [decisionsOf(run)] },
      ...(run.activations.length > 0 ? [activationChapter(run)] : []),
    ],
  };
}

const HALF_DTYPES: Readonly<Partial<Record<QuantizationRun['recipe']['mode'], string>>> = {
  fp16: 'float16',
  bf16: 'bfloat16',
};

function factsOf({ recipe, ...run }: QuantizationRun): Section {
  const quantized = run.decisions.filter((each) => each.quantized).length;
  const ratio = (run.bytesAfter / run.bytesBefore).toFixed(2);
  const half = HALF_DTYPES[recipe.mode];
  const weights = `${recipe.weights}, ${granularityOf(recipe)}`;
  const activations =
    recipe.mode === 'static' ? `${recipe.activations}, ${recipe.observer}` : 'float or at run time';
  return {
    kind: 'facts',
    facts: [
      ['mode', recipe.mode],
      ['weights', half ?? weights],
      ['activations', half ?? activations],
      ['calibration samples', String(run.samples)],
      ['size', `${formatBytes(run.bytesBefore)} to ${formatBytes(run.bytesAfter)} (${ratio}x)`],
      ['nodes quantized', `${quantized} of ${run.decisions.length}`],
    ],
  };
}

function granularityOf(recipe: QuantizationRun['recipe']): string {
  if (recipe.mode === 'weight-only') return `blocks of ${recipe.blockSize}`;
  return recipe.perChannel ? 'per channel' : 'per tensor';
}

function decisionsOf(run: QuantizationRun): Section {
  return {
    kind: 'table',
    caption: 'Decisions',
    header: ['node', 'op', 'precision', 'because'],
    rows: run.decisions.map(({ node, op, quantized, because }) => [
      node,
      op,
      quantized ? 'quantized' : 'float',
      because,
    ]),
  };
}

function activationChapter(run: QuantizationRun): ReportDocument['chapters'][number] {
  const points = run.activations.map((each) => ({ name: each.value, value: each.max - each.min }));
  const description = 'Width of the calibrated range of each quantized activation.';
  return {
    title: 'Activation ranges',
    sections: [
      { kind: 'dots', points, label: 'width of the range', description },
      {
        kind: 'table',
        caption: 'Ranges and parameters',
        header: ['activation', 'min', 'max', 'scale', 'zero point'],
        rows: run.activations.map((each) => [
          each.value,
          each.min.toPrecision(5),
          each.max.toPrecision(5),
          each.scale.toPrecision(6),
          String(each.zeroPoint),
        ]),
      },
    ],
  };
}
