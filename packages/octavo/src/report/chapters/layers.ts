import { figureText } from '@octavo/evaluation';
import type { Chapter, Section } from '@octavo/evaluation/report';
import type { MeasuredModels } from '../measured.js';
import { leftOut } from './shown.js';

const SHOWN = 40;

const SOURCES = {
  inherited: 'what it reads',
  saturation: 'saturation',
  inputRounding: 'rounding the input',
  weights: 'weights',
  bias: 'bias',
} as const;

const SOURCE_NAMES = Object.keys(SOURCES) as (keyof typeof SOURCES)[];

/** How far each value is from the original's, and why. */
export function layerChapters(measured: MeasuredModels): Chapter[] {
  const { explanations, stability } = measured;
  return [
    ...(stability.layers.length > 0 ? [{ title: 'Layer by layer', sections: valueSections(measured) }] : []),
    ...(explanations.length > 0
      ? [{ title: 'Causes, and what to change', sections: causeSections(measured) }]
      : []),
  ];
}

function valueSections({ stability: { layers } }: MeasuredModels): Section[] {
  const shown = layers.slice(0, SHOWN);
  return [
    ...leftOut('values, worst first,', layers.length, SHOWN),
    {
      kind: 'dots',
      points: shown.map(({ value, sqnr }) => ({ name: value, value: sqnr })),
      label: 'SQNR, dB',
      description:
        'Signal to quantization noise of each value that both models compute, worst first; equal values have no dot.',
    },
    {
      kind: 'table',
      caption: 'Values that both models compute, worst first',
      header: ['value', 'op', 'SQNR', 'cosine', 'largest error'],
      rows: shown.map(({ value, op, sqnr, cosine, maxAbs }) => [
        value,
        op,
        decibels(sqnr),
        cosine.toFixed(6),
        figureText(maxAbs, ''),
      ]),
    },
  ];
}

function causeSections({ explanations }: MeasuredModels): Section[] {
  const shown = explanations.slice(0, SHOWN);
  return [
    ...leftOut('layers, noisiest first,', explanations.length, SHOWN),
    {
      kind: 'stacks',
      groups: shown.map(({ node, noise }) => {
        const all = SOURCE_NAMES.reduce((sum, source) => sum + noise[source], 0);
        const shares = SOURCE_NAMES.map((source) => [SOURCES[source], all > 0 ? noise[source] / all : 0]);
        return { name: node, values: Object.fromEntries(shares) };
      }),
      label: 'share of the noise',
      percent: true,
      description: 'Where the noise of each layer comes from; the layers that add most come first.',
    },
    {
      kind: 'table',
      caption: 'Layers, those that add most noise first',
      header: ['layer', 'op', 'SQNR', 'alone', 'cause', 'evidence', 'change'],
      rows: shown.map(({ node, op, sqnr, ownSqnr, because }) => [
        node,
        op,
        decibels(sqnr),
        decibels(ownSqnr),
        because?.cause ?? 'none',
        because?.evidence ?? '',
        because?.change ?? '',
      ]),
    },
  ];
}

function decibels(value: number): string {
  return value === Number.POSITIVE_INFINITY ? 'equal' : figureText(value, 'dB');
}
