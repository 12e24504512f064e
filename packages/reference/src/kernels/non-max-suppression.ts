import { defineKernel } from '@octavo/backend';
import { NonMaxSuppression } from '@octavo/core/ir';
import { int64, toNumbers } from '@octavo/core/tensor';
import { type FloatArray, floats } from '../floats.js';
import { operand } from '../operand.js';

/** A box by its lower and upper corner. */
interface Box {
  readonly low: readonly [number, number];
  readonly high: readonly [number, number];
}

/** Boxes are two corners in any order, or a centre with width and height. */
function boxAt(boxes: FloatArray, index: number, fromCenter: boolean): Box {
  const [a = 0, b = 0, c = 0, d = 0] = boxes.subarray(4 * index, 4 * index + 4);
  if (fromCenter) return { low: [a - c / 2, b - d / 2], high: [a + c / 2, b + d / 2] };
  return { low: [Math.min(a, c), Math.min(b, d)], high: [Math.max(a, c), Math.max(b, d)] };
}

function area({ low, high }: Box): number {
  return Math.max(0, high[0] - low[0]) * Math.max(0, high[1] - low[1]);
}

/** Intersection over union; 0 when there is no intersection. */
export function overlap(a: Box, b: Box): number {
  const shared = area({
    low: [Math.max(a.low[0], b.low[0]), Math.max(a.low[1], b.low[1])],
    high: [Math.min(a.high[0], b.high[0]), Math.min(a.high[1], b.high[1])],
  });
  return shared <= 0 ? 0 : shared / (area(a) + area(b) - shared);
}

/** Takes boxes by descending score and keeps those that overlap no kept one by more than the threshold. */
export const nonMaxSuppression = defineKernel(NonMaxSuppression, {
  prepare:
    ({ attributes: { center_point_box: center } }) =>
    (inputs) => {
      const [boxTensor, scoreTensor] = [operand(inputs, 0), operand(inputs, 1)];
      const [boxes, scores] = [floats(boxTensor), floats(scoreTensor)];
      const [batch = 1, classes = 1, count = 0] = scoreTensor.shape;
      const limit = inputs[2] ? (toNumbers(inputs[2])[0] ?? 0) : 0;
      const overlapLimit = inputs[3] ? (toNumbers(inputs[3])[0] ?? 0) : 0;
      const lowest = inputs[4] && toNumbers(inputs[4])[0];
      const selected: number[] = [];
      for (let line = 0; line < batch * classes; line++) {
        const sample = Math.floor(line / classes);
        const order = Array.from({ length: count }, (_, i) => i)
          .filter((i) => lowest === undefined || (scores[line * count + i] ?? 0) > lowest)
          .sort((a, b) => (scores[line * count + b] ?? 0) - (scores[line * count + a] ?? 0));
        const kept: Box[] = [];
        for (const index of order) {
          if (kept.length >= limit) break;
          const box = boxAt(boxes, sample * count + index, center !== 0);
          if (kept.some((better) => overlap(better, box) > overlapLimit)) continue;
          kept.push(box);
          selected.push(sample, line % classes, index);
        }
      }
      return [int64(selected, [selected.length / 3, 3])];
    },
});
