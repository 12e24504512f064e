import type { Node, Op } from '@octavo/core/ir';
import type { QuantizedType, QuantRange } from '@octavo/core/quant';
import type { NumberArray } from '@octavo/core/tensor';
import type { QparamsReader } from '@octavo/passes';
import type { ComputeParts } from '../../compute-ops.js';
import type { IntegerGrid } from '../../sensitivity/range-noise.js';

/** The integers that a layer reads. */
export interface IntegerInput {
  readonly type: QuantizedType;
  /** What the integers stand for; undefined where each run chooses its own range (DynamicQuantizeLinear). */
  readonly grid: IntegerGrid | undefined;
}

/** Numbers that a quantized model has in place of a float constant; without a type they are float there too. */
export interface ReplacedConstant {
  readonly numbers: Float32Array;
  readonly type: QuantizedType | undefined;
  /** The least and the greatest integer, where the file stores one for each number. */
  readonly integers?: QuantRange;
}

/** The least and the greatest of some integers. */
export function extremesOf(integers: NumberArray): QuantRange {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < integers.length; i++) {
    const integer = integers[i] ?? Number.NaN;
    if (integer < min) min = integer;
    if (integer > max) max = integer;
  }
  return { min, max };
}

/** What a quantized model has in the place of a layer. */
export interface FoundLayer {
  /** The float value that the layer reads, before it becomes integers; undefined where callers give the integers. */
  readonly data: string | undefined;
  readonly input: IntegerInput | undefined;
  /** In the layout of the original's weights. */
  readonly weights: ReplacedConstant | undefined;
  /** The bias that the node itself adds. */
  readonly bias: ReplacedConstant | undefined;
}

/** One way in which files hold quantized layers. */
export interface LayerForm {
  /** Whether a node computes, in this form, what a layer of an op does. */
  matches(node: Node, op: Op): boolean;
  read(node: Node, parts: ComputeParts, reader: QparamsReader): Promise<FoundLayer>;
}
