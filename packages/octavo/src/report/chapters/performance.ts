import { type ModelPerformance, number } from '@octavo/evaluation';
import type { Chapter } from '@octavo/evaluation/report';
import { formatBytes } from '../../cli/table.js';
import type { MeasuredModels } from '../measured.js';

interface Cost {
  readonly name: string;
  of(performance: ModelPerformance): number | null;
  show(value: number): string;
}

const milliseconds = (value: number): string => `${number(value)} ms`;

const COSTS: readonly Cost[] = [
  { name: 'size', of: ({ bytes }) => bytes, show: formatBytes },
  { name: 'latency, median', of: ({ latency }) => latency.median, show: milliseconds },
  { name: 'latency, 95th percentile', of: ({ latency }) => latency.p95, show: milliseconds },
  { name: 'throughput', of: ({ latency }) => latency.throughput, show: (value) => `${number(value)} /s` },
  { name: 'peak memory', of: ({ peakMemory }) => peakMemory, show: formatBytes },
];

/** What both models cost: rows of cells `cost, original, quantized, ratio`. */
export function costRows({ original, quantized }: MeasuredModels['performance']): string[][] {
  return COSTS.map(({ name, of, show }) => {
    const [before, after] = [of(original), of(quantized)];
    const text = (value: number | null): string => (value === null ? 'not measured' : show(value));
    const ratio = before === null || after === null ? '' : `${(after / before).toFixed(2)}x`;
    return [name, text(before), text(after), ratio];
  });
}

/** Size, time and memory side by side. */
export function performanceChapters({ performance }: MeasuredModels): Chapter[] {
  const ratios = COSTS.flatMap(({ name, of }) => {
    const [before, after] = [of(performance.original), of(performance.quantized)];
    return before === null || after === null
      ? []
      : [{ name, values: { original: 1, quantized: after / before } }];
  });
  const { runs } = performance.quantized.latency;
  return [
    {
      title: 'Size, time and memory',
      sections: [
        {
          kind: 'bars',
          label: 'relative to the original',
          description:
            'Size, latency, throughput and peak memory of the quantized model over those of the original.',
          groups: ratios,
        },
        {
          kind: 'table',
          caption: `Measured on this machine, in turns, ${runs} runs of each; peak memory in processes of their own`,
          header: ['', 'original', 'quantized', 'ratio'],
          rows: costRows(performance),
        },
      ],
    },
  ];
}
