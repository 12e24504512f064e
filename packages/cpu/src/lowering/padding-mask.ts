import type { Value } from '@octavo/core/ir';
import { broadcastShapes, elementCount, type Shape, stridesOf } from '@octavo/core/tensor';
import type { AttendOptions } from './attend.js';
import { nativeType } from './native-type.js';
import { floatWord, type Operand } from './operand.js';
import type { ProgramBuilder } from './program-builder.js';
import { shapeOf } from './static-value.js';

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

/** The sizes that a mask speaks of, and what it adds to the scores of keys that are not seen. */
interface MaskSizes {
  readonly batch: number;
  readonly keys: number;
  readonly filter: number;
}

/**
 * Emits what onnxruntime's int32 `mask_index` adds to scores: 0 where a query sees a key, `filter` elsewhere. Its forms
 * are those that `QAttention` lists; they tell themselves apart by their shapes.
 */
export function paddingMask(program: ProgramBuilder, mask: Value, sizes: MaskSizes): AttendOptions['mask'] {
  const build = new MaskBuilder(program);
  const seen = build.visible(mask, sizes.batch, sizes.keys);
  const shifted = build.binary('mul', seen, build.constant([-sizes.filter]));
  const { operand, shape } = build.binary('add', shifted, build.constant([sizes.filter]));
  const [perSample = 0, perQuery = 0] = stridesOf(shape);
  return { operand, strides: [perSample, 0, shape[1] === 1 ? 0 : perQuery, 1] };
}

/** Floats on their way to a mask. */
interface Floats {
  readonly operand: Operand;
  readonly shape: Shape;
}

/** Emits the arithmetic of masks: on integers, which floats hold exactly. */
class MaskBuilder {
  readonly #program: ProgramBuilder;

  constructor(program: ProgramBuilder) {
    this.#program = program;
  }

  constant(values: readonly number[], shape: Shape = []): Floats {
    return { operand: this.#program.constant(Float32Array.from(values)), shape };
  }

  /** An int32 value as floats. */
  floats(value: Value): Floats {
    const shape = shapeOf(value);
    const operand = this.#program.scratch(elementCount(shape) * FLOAT);
    this.#program.emit({
      name: 'dequantize',
      operands: [
        this.#program.constant(Float32Array.of(1)),
        this.#program.constant(new Int32Array(1)),
        this.#program.operand(value),
        operand,
      ],
      words: [nativeType('int32'), 1, 1, elementCount(shape)],
    });
    return { operand, shape };
  }

  binary(name: 'add' | 'sub' | 'mul', a: Floats, b: Floats): Floats {
    const shape = broadcastShapes(a.shape, b.shape);
    const operand = this.#program.scratch(elementCount(shape) * FLOAT);
    this.#program.emit({
      name: `binary_${name}`,
      operands: [a.operand, b.operand, operand],
      words: [a.shape.length, ...a.shape, b.shape.length, ...b.shape],
    });
    return { operand, shape };
  }

  /** 1 for integers above 0, else 0. */
  isPositive({ operand: from, shape }: Floats): Floats {
    const operand = this.#program.scratch(elementCount(shape) * FLOAT);
    this.#program.emit({
      name: 'unary_clip',
      operands: [from, operand],
      words: [elementCount(shape), floatWord(0), floatWord(1)],
    });
    return { operand, shape };
  }

  /** 1 where keys are seen, else 0, by a mask of the form of its shape: `[batch, 1 or queries, keys]`. */
  visible(mask: Value, batch: number, keys: number): Floats {
    const given = this.floats(mask);
    if (given.shape.length === 3) return this.isPositive(given);
    if (given.shape.length === 2) return this.isPositive({ ...given, shape: [batch, 1, keys] });
    const { operand } = given;
    const numbers = Array.from({ length: keys }, (_, key) => key);
    const ends = { operand: part(operand, 0, batch), shape: [batch, 1, 1] };
    const before = this.isPositive(this.binary('sub', ends, this.constant(numbers, [keys])));
    if (given.shape[0] === batch) return before;
    const starts = { operand: part(operand, batch, batch), shape: [batch, 1, 1] };
    const next = this.constant(
      numbers.map((key) => key + 1),
      [keys],
    );
    return this.binary('mul', before, this.isPositive(this.binary('sub', next, starts)));
  }
}

/** `count` floats of an operand. */
function part(operand: Operand, first: number, count: number): Operand {
  return { ...operand, offset: operand.offset + first * FLOAT, bytes: count * FLOAT };
}
