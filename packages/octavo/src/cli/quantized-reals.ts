import { type QuantizedType, storageRange } from '@octavo/core/quant';
import type { Tensor } from '@octavo/core/tensor';

/** Says which inputs of an integer model took real numbers, since data may hold the model's integers already. */
export class QuantizedReals {
  private readonly inputs = new Map<string, { readonly type: QuantizedType; areOwn: boolean }>();

  /** Notes the real numbers of one sample. */
  see(name: string, reals: Tensor<'float32'>, type: QuantizedType): void {
    const seen = this.inputs.get(name) ?? { type, areOwn: true };
    this.inputs.set(name, seen);
    const { min, max } = storageRange(type.storage);
    seen.areOwn &&= reals.data.every((each) => Number.isInteger(each) && each >= min && each <= max);
  }

  /** A line for each input, which also tells numbers that may be the model's integers. */
  lines(): string[] {
    return [...this.inputs].map(([name, { type, areOwn }]) => {
      const { storage, scales, zeroPoints } = type;
      const said = `${name}: numbers are quantized by scale ${Number((scales[0] ?? 1).toPrecision(6))}, zero point ${zeroPoints[0] ?? 0}`;
      const { min, max } = storageRange(storage);
      return areOwn
        ? `${said}; all are whole and from ${min} to ${max}: if they are the model's integers already, save them as an array of ${storage}.`
        : `${said}.`;
    });
  }
}
