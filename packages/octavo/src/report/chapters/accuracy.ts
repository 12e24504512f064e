import { type Evaluation, type Figure, figureText, intervalText, percent } from '@octavo/evaluation';
import type { Chapter, Section } from '@octavo/evaluation/report';
import type { MeasuredModels } from '../measured.js';
import { fidelityChapters } from './fidelity.js';
import { leftOut } from './shown.js';

/** Rows of a table, and bars of a chart, of one segmentation. */
const SHOWN = 40;

const HEADER = [
  'samples',
  'quantized',
  '95% interval',
  'original',
  'retention',
  'drop',
  '95% interval of the drop',
];

/** Accuracy overall and by segment, and the samples that lost most. */
export function accuracyChapters(measured: MeasuredModels): Chapter[] {
  const { evaluations, fidelity, worst } = measured;
  const all = [...evaluations, ...fidelity];
  const rows = all.map((evaluation) => [evaluation.metric, ...cells(evaluation, evaluation.overall)]);
  const caption = `All ${measured.samples} samples of ${measured.data}`;
  return [
    { title: 'Accuracy', sections: [{ kind: 'table', caption, header: ['metric', ...HEADER], rows }] },
    ...evaluations.flatMap(segmentChapters),
    ...fidelityChapters(fidelity),
    ...(worst.length > 0 ? [{ title: 'Samples that lost most', sections: [worstTable(measured)] }] : []),
  ];
}

function segmentChapters(evaluation: Evaluation): Chapter[] {
  const { metric, segments } = evaluation;
  return segments.map(({ by, segments: parts }) => {
    const shown = parts.slice(0, SHOWN);
    return {
      title: `${metric} by ${by}`,
      sections: [
        ...leftOut('segments', parts.length, SHOWN),
        {
          kind: 'bars',
          label: metric,
          percent: evaluation.unit === '%',
          description: `${metric} of each segment by ${by}, of the original and the quantized model.`,
          groups: shown.map(({ name, value, original }) => ({
            name,
            values: { original: original?.value ?? Number.NaN, quantized: value },
          })),
        },
        {
          kind: 'table',
          caption: `${metric} by ${by}`,
          header: ['segment', ...HEADER],
          rows: shown.map((part) => [part.name, ...cells(evaluation, part)]),
        },
      ],
    };
  });
}

function cells({ unit, higherIsBetter }: Evaluation, { count, value, interval, original }: Figure): string[] {
  const show = (figure: number): string => figureText(figure, unit);
  const showDrop = higherIsBetter ? show : percent;
  return [
    String(count),
    show(value),
    intervalText(interval, show),
    ...(original
      ? [
          show(original.value),
          percent(original.retention),
          showDrop(original.drop),
          intervalText(original.interval, showDrop),
        ]
      : ['', '', '', '']),
  ];
}

function worstTable({ worst }: MeasuredModels): Section {
  const show = (value: number): string => figureText(value, '');
  return {
    kind: 'table',
    caption: 'Samples that lost most, worst first',
    header: ['sample', 'label', 'quantized', 'original', 'score', 'score of the original', 'loss'],
    rows: worst.map(({ id, label, prediction, score, original, loss }) => [
      id,
      show(label),
      show(prediction),
      original ? show(original.prediction) : '',
      show(score),
      original ? show(original.score) : '',
      show(loss),
    ]),
  };
}
