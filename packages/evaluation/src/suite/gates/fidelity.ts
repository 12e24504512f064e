import { figureText } from '../../figure-text.js';
import { DEFAULT_MIN_SAMPLES, type Gate, limited, tooSmall } from '../gate.js';
import { figuresOf } from './accuracy.js';

/** Limits of how close outputs are to the original's. */
export const fidelityGates: Gate = (suite, { fidelity }) =>
  (suite.fidelity ?? []).flatMap(({ metric, segments, min, max }) => {
    const evaluation = fidelity.find((each) => each.metric === metric);
    if (!evaluation) throw new RangeError(`metric ${metric} was measured`);
    const show = (value: number): string => figureText(value, evaluation.unit);
    const least = suite.minSamples ?? DEFAULT_MIN_SAMPLES;
    return figuresOf(evaluation, segments).flatMap(({ figure, place }) => {
      const name = `${metric}${place}`;
      if (place !== '' && figure.count < least) return [tooSmall('fidelity', name, figure.count, least)];
      return [
        ...(min === undefined ? [] : [limited('fidelity', name, 'at least', figure.value, min, show)]),
        ...(max === undefined ? [] : [limited('fidelity', name, 'at most', figure.value, max, show)]),
      ];
    });
  });
