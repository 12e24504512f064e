import { defineKernel } from '@octavo/backend';
import { QLinearWhere } from '@octavo/core/ir';
import { dequantizeNumbers, quantizeNumbers } from '@octavo/core/quant';
import { broadcastShapes, elementCount, fromNumbers, type Tensor, toNumbers } from '@octavo/core/tensor';
import { broadcastIndices } from '../indices.js';
import { linearType, storageOf } from '../linear-type.js';
import { operand } from '../operand.js';

const PER_TENSOR_ATTRIBUTES = { axis: 0, block_size: 0 };

/** Both branches are requantized to the result's parameters; the condition then chooses integers. */
export const quantizedWhere = defineKernel(QLinearWhere, {
  prepare: () => (inputs) => {
    const condition = operand(inputs, 0);
    const [x, y] = [operand(inputs, 1), operand(inputs, 4)];
    const zeroPoint = operand(inputs, 8);
    const result = linearType(
      storageOf(zeroPoint.dtype),
      operand(inputs, 7),
      zeroPoint,
      PER_TENSOR_ATTRIBUTES,
    );
    const requantized = (tensor: Tensor, position: number): ArrayLike<number> => {
      const type = linearType(
        storageOf(tensor.dtype),
        operand(inputs, position + 1),
        inputs[position + 2],
        PER_TENSOR_ATTRIBUTES,
      );
      return quantizeNumbers(dequantizeNumbers(toNumbers(tensor), tensor.shape, type), tensor.shape, result);
    };
    const [yes, no] = [requantized(x, 1), requantized(y, 4)];
    const shape = broadcastShapes(condition.shape, x.shape, y.shape);
    const chosen = toNumbers(condition);
    const from = [condition, x, y].map((tensor) => broadcastIndices(tensor.shape, shape));
    const integers = Array.from({ length: elementCount(shape) }, (_, i) =>
      chosen[from[0]?.[i] ?? 0] ? (yes[from[1]?.[i] ?? 0] ?? 0) : (no[from[2]?.[i] ?? 0] ?? 0),
    );
    return [fromNumbers(result.storage, shape, integers)];
  },
});
