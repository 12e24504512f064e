import type { ReportDocument } from '@octavo/evaluation/report';
import { measuredChapters } from './chapters/index.js';
import { costRows } from './chapters/performance.js';
import type { MeasuredModels } from './measured.js';

/** Two models and what was measured of them. */
export interface ModelsReport {
  readonly original: string;
  readonly quantized: string;
  readonly measured: MeasuredModels;
}

/** The report of two models, whoever made the quantized one. */
export function describeModels({ original, quantized, measured }: ModelsReport): ReportDocument {
  const [size, latency] = costRows(measured.performance);
  const cost = (row: readonly string[] | undefined): string => `${row?.[1]} to ${row?.[2]} (${row?.[3]})`;
  return {
    title: `${quantized} against ${original}`,
    chapters: [
      {
        title: 'Summary',
        sections: [
          {
            kind: 'facts',
            facts: [
              ['original', original],
              ['quantized', quantized],
              ['measured on', `${measured.samples} samples of ${measured.data}`],
              ['size', cost(size)],
              ['latency', cost(latency)],
            ],
          },
        ],
      },
      ...measuredChapters(measured),
    ],
  };
}
