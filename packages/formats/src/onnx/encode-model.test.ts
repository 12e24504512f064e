import { tensorType } from '@octavo/core/ir';
import { StoredTensor } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { codeOf, decode, io, node, weight } from '../../tests/model-file.js';
import { decodeModel } from './decode-model.js';
import { encodeModel } from './encode-model.js';

describe('writing', () => {
  it('refuses quantized types that no node expresses', () => {
    const model = decode({ node: [node('Relu', ['x'], ['y'])], input: io('x'), output: io('y') });
    const y = model.graph.value('y');
    if (y) {
      y.type = {
        kind: 'tensor',
        dtype: 'uint8',
        quantized: {
          storage: 'uint8',
          expressed: 'float32',
          granularity: { kind: 'per-tensor' },
          symmetric: false,
          scales: Float32Array.of(1),
          zeroPoints: Int32Array.of(0),
        },
      };
    }
    expect(codeOf(() => encodeModel(model))).toBe('ONNX_QUANTIZED_VALUE');
  });

  it('puts nodes in topological order', () => {
    const model = decode({
      node: [node('Relu', ['h'], ['y']), node('Neg', ['x'], ['h'])],
      input: io('x'),
      output: io('y'),
    });
    const written = decodeModel(encodeModel(model));
    expect(written.graph.nodes.map((each) => each.op.name)).toEqual(['Neg', 'Relu']);
  });

  it('refuses tensors that are not in memory', () => {
    const model = decode({ initializer: [weight] });
    const w = model.graph.value('w');
    const lazy = { byteLength: 8, read: async () => new Uint8Array(8) };
    if (w) w.constant = new StoredTensor('float32', [2], lazy);
    expect(codeOf(() => encodeModel(model))).toBe('ONNX_NOT_RESIDENT');
  });

  it('adds types that were inferred after reading', () => {
    const model = decode({
      node: [node('Relu', ['x'], ['h']), node('Neg', ['h'], ['y'])],
      input: io('x'),
      output: io('y'),
    });
    const h = model.graph.value('h');
    if (h) h.type = tensorType('float32', ['batch', null, 3]);
    const written = decodeModel(encodeModel(model));
    expect(written.graph.value('h')?.type).toEqual(tensorType('float32', ['batch', null, 3]));
  });
});
