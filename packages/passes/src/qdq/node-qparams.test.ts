import { parse } from '@octavo/core/ir';
import { type Storage, StoredTensor } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { QparamsReader } from './node-qparams.js';

const TEXT = `graph opset 21 {
  input %q: uint8[2]
  input %r: uint8[2]
  const %scale: float32[] = 0.5
  const %zero: uint8[] = 3
  %x = DequantizeLinear(%q, %scale, %zero)
  %y = DequantizeLinear(%r, %scale, %zero)
  output %x, %y
}`;

describe('QparamsReader', () => {
  it('gives one type for one scale and zero point, without waiting for what is in memory', () => {
    const reader = new QparamsReader();
    const [first, second] = parse(TEXT).nodes.map((node) => reader.ofNode(node));
    expect(first).toMatchObject({ type: { storage: 'uint8', scales: Float32Array.of(0.5) } });
    expect(second).toBe(first);
  });

  it('reads what is in a file', async () => {
    const graph = parse(TEXT);
    const [node] = graph.nodes;
    const scale = graph.value('scale');
    const bytes = new Uint8Array(Float32Array.of(0.25).buffer);
    const file: Storage = { byteLength: 4, resident: undefined, read: async () => bytes };
    if (scale) scale.constant = new StoredTensor('float32', [], file);
    const result = node && (await new QparamsReader().ofNode(node));
    expect(result?.type?.scales).toEqual(Float32Array.of(0.25));
    expect(result?.type?.zeroPoints).toEqual(Int32Array.of(3));
  });
});
