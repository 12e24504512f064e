import { float32 } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { codeOf, decode, io, node, weight } from '../../tests/model-file.js';
import type { Encodable } from '../wire/encode-message.js';
import { decodeModel } from './decode-model.js';
import { encodeModel } from './encode-model.js';
import type { AttributeProto } from './schema.js';

describe('attributes', () => {
  const withAttributes = (...attribute: Encodable<AttributeProto>[]) =>
    decode({ node: [node('Own', [], ['y'], { domain: 'test', attribute })], output: io('y') });
  const read = (...attribute: Encodable<AttributeProto>[]) => {
    const { graph } = decodeModel(encodeModel(withAttributes(...attribute)));
    return [...(graph.nodes[0]?.attributes ?? [])];
  };

  it('of every kind survive writing and reading', () => {
    const big = 2n ** 62n;
    expect(
      read(
        { name: 'f', f: 0.5, type: 1 },
        { name: 'i', i: big, type: 2 },
        { name: 's', s: new TextEncoder().encode('ü'), type: 3 },
        { name: 'b', s: new Uint8Array([0xff]), type: 3 },
        { name: 'fs', floats: [1, Number.NEGATIVE_INFINITY], type: 6 },
        { name: 'is', ints: [-1, big], type: 7 },
        { name: 'ss', strings: [new Uint8Array(0), new Uint8Array([65])], type: 8 },
        { name: 'none', ints: [], type: 7 },
      ),
    ).toEqual([
      ['f', { kind: 'float', value: 0.5 }],
      ['i', { kind: 'int', value: big }],
      ['s', { kind: 'string', value: 'ü' }],
      ['b', { kind: 'bytes', value: new Uint8Array([0xff]) }],
      ['fs', { kind: 'floats', value: [1, Number.NEGATIVE_INFINITY] }],
      ['is', { kind: 'ints', value: [-1, big] }],
      ['ss', { kind: 'strings', value: ['', 'A'] }],
      ['none', { kind: 'ints', value: [] }],
    ]);
  });

  it('that hold tensors keep their elements', () => {
    const attributes = new Map(
      read({ name: 't', t: weight, type: 4 }, { name: 'ts', tensors: [weight], type: 9 }),
    );
    const [t, ts] = [attributes.get('t'), attributes.get('ts')];
    expect(t?.kind === 'tensor' && t.value.peek()).toEqual(float32([1, 2]));
    expect(ts?.kind === 'tensors' && ts.value[0]?.peek()).toEqual(float32([1, 2]));
  });

  it('that hold types are carried as they are', () => {
    const encoded = new Uint8Array([
      0x0a, 0x02, 0x74, 0x70, 0x72, 0x04, 0x0a, 0x02, 0x08, 0x01, 0xa0, 0x01, 0x0d,
    ]);
    expect(read({ self: encoded })).toEqual([['tp', { kind: 'opaque', value: encoded }]]);
  });

  it('without a type get the one of their contents', () => {
    expect(read({ name: 'i', i: 0 }, { name: 'f', f: 0 }, { name: 's', s: new Uint8Array(0) })).toEqual([
      ['i', { kind: 'int', value: 0 }],
      ['f', { kind: 'float', value: 0 }],
      ['s', { kind: 'string', value: '' }],
    ]);
  });

  it.each([
    ['without name', [{ i: 1, type: 2 }]],
    [
      'given twice',
      [
        { name: 'a', i: 1, type: 2 },
        { name: 'a', i: 2, type: 2 },
      ],
    ],
    ['of an unknown type', [{ name: 'a', i: 1, type: 77 }]],
    ['of type tensor without one', [{ name: 'a', type: 4 }]],
    ['of type graph without one', [{ name: 'a', type: 5 }]],
  ])('%s are refused', (_, attributes) => {
    expect(codeOf(() => withAttributes(...attributes))).toBe('ONNX_ATTRIBUTE');
  });
});
