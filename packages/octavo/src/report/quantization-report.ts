import type { ReportDocument } from '@octavo/evaluation';
import type { QuantizationReport } from '@octavo/quantizer';
import { formatBytes } from '../cli/table.js';
import { writeReport } from './write-report.js';

export interface QuantizationRun extends QuantizationReport {
  readonly input: string;
  readonly output: string;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** Writes the report of `octavo quantize` and returns its files. */
export function writeQuantizationReport(directory: string, run: QuantizationRun): Promise<string[]> {
  return writeReport(directory, run, describeRun(run));
}

function describeRun(run: QuantizationRun): ReportDocument {
  const { recipe } = run;
  const quantized = run.decisions.filter((each) => each.quantized);
  return {
    title: `Quantization of ${run.input}`,
    chapters: [
      {
        title: 'What was done',
        sections: [
          {
            kind: 'facts',
            facts: [
              ['mode', recipe.mode],
              ['weights', `${recipe.weights}, ${recipe.perChannel ? 'per channel' : 'per tensor'}`],
              [
                'activations',
                recipe.mode === 'static'
                  ? `${recipe.activations}, ${recipe.observer}`
                  : 'float or at run time',
              ],
              ['calibration samples', String(run.samples)],
              [
                'size',
                `${formatBytes(run.bytesBefore)} to ${formatBytes(run.bytesAfter)} (${(run.bytesAfter / run.bytesBefore).toFixed(2)}x)`,
              ],
              ['nodes quantized', `${quantized.length} of ${run.decisions.length}`],
            ],
          },
          ...run.warnings.map((warning) => ({ kind: 'text' as const, text: `Warning: ${warning}` })),
        ],
      },
      {
        title: 'Node by node',
        sections: [
          {
            kind: 'table',
            caption: 'Decisions',
            header: ['node', 'op', 'precision', 'because'],
            rows: run.decisions.map((each) => [
              each.node,
              each.op,
              each.quantized ? 'quantized' : 'float',
              each.because,
            ]),
          },
        ],
      },
      ...(run.activations.length > 0 ? [activationChapter(run)] : []),
    ],
  };
}

function activationChapter(run: QuantizationRun): ReportDocument['chapters'][number] {
  return {
    title: 'Activation ranges',
    sections: [
      {
        kind: 'dots',
        points: run.activations.map((each) => ({ name: each.value, value: each.max - each.min })),
        label: 'width of the range',
        description: 'Width of the calibrated range of each quantized activation.',
      },
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
