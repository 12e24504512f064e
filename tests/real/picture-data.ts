import type { Sample } from '@octavo/datasets';
import { openDataset } from '@octavo/datasets/node';
import type { Decide } from './decisions.js';
import type { DecisionCount } from './real-model.js';

interface PictureInput {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly mean: number;
  readonly std: number;
  readonly order: 'RGB' | 'BGR';
}

export const FACE_INPUT: PictureInput = {
  name: 'input',
  height: 240,
  width: 320,
  mean: 127,
  std: 128,
  order: 'RGB',
};

export const THING_INPUT: PictureInput = {
  name: 'input.1',
  height: 352,
  width: 352,
  mean: 0,
  std: 255,
  order: 'BGR',
};

/** Pictures of a folder (all, or some), stretched to the input's size; values `(v - mean) / std`. */
export async function readPictures(path: string, input: PictureInput, some?: number): Promise<Sample[]> {
  const { name, height, width, mean, std, order } = input;
  const inputs = [{ name, dtype: 'float32' as const, shape: [1, 3, height, width] }];
  const dataset = await openDataset(path, { inputs, preprocess: { mean, std, order }, samples: some });
  const samples: Sample[] = [];
  for await (const sample of dataset.samples()) samples.push(sample);
  return samples;
}

/** UltraFace's scores [1, 4420, 2]: 1 where an anchor's score of being a face passes 0.7. */
export const faceAnchors: Decide = (scores) =>
  Array.from({ length: scores.length / 2 }, (_, anchor) => ((scores[2 * anchor + 1] ?? 0) > 0.7 ? 1 : 0));

const CLASSES = 80;
const FIRST_CLASS = 5;

/**
 * FastestDet's output [1, 85, 22, 22]: 1 + the class where a cell's score `objectness^0.6 * class^0.4` passes 0.65 (its
 * authors' rule), else 0.
 */
export const thingCells: Decide = (output) => {
  const cells = output.length / (FIRST_CLASS + CLASSES);
  return Array.from({ length: cells }, (_, cell) => {
    const at = (channel: number): number => output[channel * cells + cell] ?? 0;
    let best = 0;
    for (let i = 1; i < CLASSES; i++) if (at(FIRST_CLASS + i) > at(FIRST_CLASS + best)) best = i;
    return at(0) ** 0.6 * at(FIRST_CLASS + best) ** 0.4 > 0.65 ? 1 + best : 0;
  });
};

const WITH_FACES = ['1.jpg', '2.jpg', '10.jpg', '11.jpg', '12.jpg'];

/** @param value How many of the five it is on the float model. */
export const picturesWithFaces = (value: number): DecisionCount => ({
  name: 'of 5 pictures with 25 to 88 face anchors',
  value,
  of: (decisions) =>
    WITH_FACES.filter((picture) => {
      const faces = decisions.filter(({ sample, prediction }) => sample === picture && prediction === 1);
      return faces.length >= 25 && faces.length <= 88;
    }).length,
});

export const personsFound: DecisionCount = {
  name: 'picture 3.jpg with a person',
  value: 1,
  of: (decisions) =>
    decisions.some(({ sample, prediction }) => sample === '3.jpg' && prediction === 1) ? 1 : 0,
};
