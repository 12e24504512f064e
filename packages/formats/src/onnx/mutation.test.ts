import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OctavoError } from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { file, io, node, weight } from '../../tests/model-file.js';
import { MUTATIONS } from '../../tests/mutations.js';
import { testData } from '../../tests/test-data.node.js';
import { type ByteSource, MemorySource } from '../wire/byte-source.js';
import { decodeModel } from './decode-model.js';
import { encodeModel } from './encode-model.js';

/** A model with a little of everything: subgraph, function, attributes of all kinds, typed and raw tensors. */
const EVERYTHING = file(
  {
    name: 'main',
    docString: 'all kinds of fields',
    node: [
      node('Constant', [], ['k'], { attribute: [{ name: 'value', t: weight, type: 4 }] }),
      node('Twice', ['x'], ['t'], { domain: 'mine' }),
      node('If', ['c'], ['y'], {
        name: 'branch',
        attribute: [
          { name: 'then_branch', type: 5, g: { node: [node('Add', ['t', 'w'], ['a'])], output: io('a') } },
          { name: 'else_branch', type: 5, g: { node: [node('Add', ['k', 'w'], ['b'])], output: io('b') } },
          { name: 'ints', ints: [1, -1, 2 ** 40], type: 7 },
          { name: 'floats', floats: [1, 2.5], type: 6 },
          { name: 'strings', strings: [new Uint8Array([65]), new Uint8Array([66, 67])], type: 8 },
        ],
        metadataProps: [{ key: 'k', value: 'v' }],
      }),
    ],
    input: io('x', 'c'),
    output: io('y'),
    valueInfo: io('t', 'k'),
    initializer: [
      weight,
      { name: 'v', dims: [2, 1], dataType: 7, int64Data: [new Uint8Array([1, 0x80, 0x02])] },
    ],
  },
  {
    opsetImport: [
      { domain: '', version: 17 },
      { domain: 'mine', version: 1 },
    ],
    functions: [
      {
        name: 'Twice',
        domain: 'mine',
        input: ['p'],
        output: ['q'],
        opsetImport: [{ domain: '', version: 17 }],
        node: [node('Add', ['p', 'p'], ['q'])],
      },
    ],
    metadataProps: [{ key: 'author', value: 'test' }],
  },
);

const unit = fc.noBias(fc.integer({ min: 0, max: 2 ** 31 - 1 })).map((value) => value / 2 ** 31);
const step = fc.tuple(fc.constantFrom(...Object.keys(MUTATIONS)), unit, unit);

/** Reading may touch each byte a few times (structure, then tensors), and never asks for more than that at once. */
class MeteredSource implements ByteSource {
  readonly name = 'mutant';
  readonly inMemory = false;
  readonly byteLength: number;
  bytesRead = 0;
  private readonly inner: MemorySource;

  constructor(bytes: Uint8Array) {
    this.inner = new MemorySource(bytes, 'mutant');
    this.byteLength = bytes.length;
  }

  readSync(offset: number, length: number): Uint8Array {
    this.bytesRead += length;
    return this.inner.readSync(offset, length);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return this.readSync(offset, length);
  }
}

/** `model`, or the code of the OctavoError; anything else that is thrown fails the test. */
function outcome(bytes: Uint8Array): string {
  const source = new MeteredSource(bytes);
  try {
    const model = decodeModel(source, { limits: { structureBytes: 2 ** 24, depth: 64 } });
    expect(source.bytesRead).toBeLessThan(64 * bytes.length + 2 ** 20);
    decodeModel(encodeModel(model));
    return 'model';
  } catch (error) {
    if (error instanceof OctavoError && /^[A-Z0-9_]+$/.test(error.code)) return error.code;
    throw error;
  }
}

const real = [
  'malformed/ok.onnx',
  'matmulnbits_ort/k200n40_b4_g32_asym/model.onnx',
  'onnx_node/test_if/model.onnx',
]
  .concat(['onnx_node/test_loop13_seq/model.onnx', 'onnx_node/test_attention_3d_expanded/model.onnx'])
  .map((path) => ['conformance', ...path.split('/')]);

describe('damaged models', () => {
  const data = testData();
  const seeds: [string, Uint8Array][] = [
    ['generated', EVERYTHING],
    ...(data
      ? real.map((path): [string, Uint8Array] => [
          path.join('/'),
          new Uint8Array(readFileSync(join(data, ...path))),
        ])
      : []),
  ];

  it.each(seeds)('give a model or a typed error: %s', (_, bytes) => {
    expect(outcome(bytes)).toBe('model');
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 3 }), (steps) => {
        const mutant = steps.reduce(
          (each, [kind, at, value]) => MUTATIONS[kind]?.(each, at, value) ?? each,
          bytes,
        );
        seen.add(outcome(mutant));
      }),
      { numRuns: 2000 },
    );
    expect(seen.size).toBeGreaterThan(3);
  });

  it('give a model or a typed error at every truncation', () => {
    for (let length = 0; length < EVERYTHING.length; length++) {
      expect(outcome(EVERYTHING.slice(0, length))).not.toBe('');
    }
  });
});
