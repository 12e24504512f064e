import type { ReportDocument } from '../src/report/index.js';

const LONG = 'a_very_long_name_of_a_layer/with/parts/'.repeat(3);

/** A report with every kind of section there is. */
export const EVERY_SECTION: ReportDocument = {
  title: 'Every section',
  chapters: [
    {
      title: 'Text',
      sections: [
        { kind: 'text', text: `One sentence about ${LONG}.` },
        { kind: 'facts', facts: [['layer', LONG]] },
        {
          kind: 'table',
          caption: 'Values',
          header: ['value', 'interval', 'because'],
          rows: Array.from({ length: 60 }, (_, i) => [
            `${i}.5 dB`,
            `${i}.25% .. ${i + 1}.5%`,
            `${i} of ${LONG}`,
          ]),
        },
      ],
    },
    {
      title: 'Charts',
      sections: [
        {
          kind: 'bars',
          label: 'error',
          percent: true,
          description: 'Bars by group.',
          groups: [
            { name: 'low', values: { original: 0.2, quantized: 0.25 } },
            { name: 'high', values: { original: 0.4, quantized: Number.NaN } },
          ],
        },
        {
          kind: 'stacks',
          label: 'share',
          percent: true,
          description: 'Stacks by layer.',
          groups: [
            { name: 'first', values: { inherited: 0, weights: 0.25, input: 0.75 } },
            { name: 'second', values: { inherited: 0.5, weights: 0.25, input: 0.25 } },
          ],
        },
        {
          kind: 'dots',
          label: 'SQNR, dB',
          description: 'Dots by value.',
          points: [
            { name: 'conv1', value: 12 },
            { name: 'equal', value: Number.POSITIVE_INFINITY },
          ],
        },
        {
          kind: 'scatter',
          label: 'size, MB',
          yLabel: 'retention',
          percent: true,
          joined: ['chosen', 'front'],
          description: 'Retention by size.',
          points: [
            { name: '1', x: 1, y: 0.9, group: 'front' },
            { name: '2', x: 3, y: 0.99, group: 'chosen' },
            { name: '3', x: 2.5, y: 0.92, group: 'beaten' },
            { name: '4', x: 2, y: Number.NaN, group: 'beaten' },
          ],
        },
        {
          kind: 'histograms',
          label: 'weight',
          description: 'Weights.',
          charts: [
            {
              name: 'weight_0',
              note: 'int8',
              range: { min: -1, max: 1 },
              bins: { edges: [-2, -1, 0, 1, 2], counts: [1, 100, 400, 2] },
            },
            { name: 'weight_1', note: 'without a range', bins: { edges: [0, 1, 2], counts: [5, 6] } },
            { name: 'weight_2', note: 'empty', range: { min: 0, max: 2 }, bins: { edges: [], counts: [] } },
          ],
        },
      ],
    },
  ],
};
