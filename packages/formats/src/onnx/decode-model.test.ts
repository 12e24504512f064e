import { float32 } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { codeOf, decode, FLOAT_TYPE, file, io, node, UNTYPED, weight } from '../../tests/model-file.js';
import { MemorySource } from '../wire/byte-source.js';
import { Cursor } from '../wire/cursor.js';
import { decodeMessage } from '../wire/decode-message.js';
import { decodeModel } from './decode-model.js';
import { encodeModel } from './encode-model.js';
import { MODEL } from './schema.js';

describe('graphs', () => {
  it('are read with names, descriptions and metadata', () => {
    const model = decode(
      {
        name: 'main',
        docString: 'what it does',
        node: [
          node('Relu', ['x'], ['y'], {
            name: 'n',
            docString: 'd',
            metadataProps: [{ key: 'k', value: 'v' }],
          }),
        ],
        input: [{ name: 'x', type: FLOAT_TYPE, docString: 'pixels' }],
        output: io('y'),
        metadataProps: [{ key: 'a', value: '' }],
      },
      { producerName: 'exporter', producerVersion: '1', domain: 'test', modelVersion: 3, docString: 'model' },
    );
    const [relu] = model.graph.nodes;
    expect(model).toMatchObject({
      producerName: 'exporter',
      modelVersion: 3,
      docString: 'model',
      irVersion: 8,
    });
    expect([model.graph.name, model.graph.docString, [...model.graph.metadata]]).toEqual([
      'main',
      'what it does',
      [['a', '']],
    ]);
    expect([relu?.name, relu?.docString, relu?.metadata.get('k')]).toEqual(['n', 'd', 'v']);
    expect(model.graph.inputs[0]?.docString).toBe('pixels');
  });

  it('may list nodes in any order, with empty and repeated names', () => {
    const { graph } = decode({
      node: [node('Relu', ['h'], ['y'], { name: 'same' }), node('Neg', ['x'], ['h'], { name: 'same' })],
      input: io('x'),
      output: io('y'),
    });
    expect(graph.sorted().map((each) => each.op.name)).toEqual(['Neg', 'Relu']);
  });

  it('leave out optional inputs and outputs', () => {
    const { graph } = decode({
      node: [node('Clip', ['x', '', 'x'], ['y', ''])],
      input: io('x'),
      output: io('y'),
    });
    expect(graph.nodes[0]?.inputs.map((value) => value?.name)).toEqual(['x', undefined, 'x']);
    expect(graph.nodes[0]?.outputs.map((value) => value?.name)).toEqual(['y', undefined]);
  });

  it('may describe values that do not exist and leave types open', () => {
    const { graph } = decode({
      node: [node('Relu', ['x'], ['y'])],
      input: [{ name: 'x', type: UNTYPED }],
      output: [{ name: 'y' }],
      valueInfo: io('ghost'),
    });
    expect(graph.values.map((value) => [value.name, value.type])).toEqual([
      ['x', undefined],
      ['y', undefined],
    ]);
  });

  it.each([2, 40])('count the types of their values as memory, %i of them', (count) => {
    const bytes = 32_000 / count;
    const sequence = new Uint8Array(bytes + 3);
    sequence.set([0x22, (bytes & 0x7f) | 0x80, bytes >> 7]);
    const input = Array.from({ length: count }, (_, i) => ({ name: `s${i}`, type: sequence }));
    const limited = (structureBytes: number) =>
      codeOf(() => decode({ input }, {}, { limits: { structureBytes, depth: 64 } }));
    expect(limited(2 ** 14)).toBe('ONNX_TOO_LARGE');
    expect(limited(2 ** 17)).toBe('accepted');
  });

  it('carry sequence types without looking into them', () => {
    const sequence = new Uint8Array([0x22, 0x06, 0x0a, 0x04, 0x0a, 0x02, 0x08, 0x01]);
    const bytes = file({
      node: [],
      input: [{ name: 's', type: sequence }],
      output: [{ name: 's', type: sequence }],
    });
    const { graph } = decodeModel(encodeModel(decodeModel(bytes)));
    expect(graph.inputs[0]?.type).toEqual({ kind: 'opaque', encoded: sequence });
  });

  it.each([
    ['an undefined input', { node: [node('Relu', ['nope'], ['y'])] }, 'ONNX_UNDEFINED_VALUE'],
    ['an undefined output', { output: io('y') }, 'ONNX_UNDEFINED_VALUE'],
    [
      'two nodes that compute one value',
      { node: [node('A', [], ['y']), node('B', [], ['y'])] },
      'ONNX_DUPLICATE_NAME',
    ],
    ['an input without name', { input: io('') }, 'ONNX_NAME'],
    ['an initializer without name', { initializer: [{ ...weight, name: '' }] }, 'ONNX_NAME'],
    ['two initializers of one name', { initializer: [weight, weight] }, 'ONNX_DUPLICATE_NAME'],
    ['a cycle', { node: [node('Relu', ['b'], ['a']), node('Relu', ['a'], ['b'])] }, 'ONNX_CYCLE'],
    ['a node without op', { node: [node('', [], ['y'])] }, 'ONNX_NODE'],
    ['a sparse initializer', { sparseInitializer: [new Uint8Array(0)] }, 'ONNX_SPARSE'],
    [
      'an unknown element type',
      { input: [{ name: 'x', type: new Uint8Array([0x0a, 0x02, 0x08, 0x63]) }] },
      'ONNX_DTYPE',
    ],
  ])('with %s are refused', (_, graph, code) => {
    expect(codeOf(() => decode(graph))).toBe(code);
  });
});

describe('initializers among the inputs', () => {
  const graph = {
    node: [node('Add', ['x', 'w'], ['y'])],
    input: io('x', 'w'),
    output: io('y'),
    initializer: [weight],
  };

  it('are constants before IR version 4, and inputs again in the file', () => {
    const model = decode(graph, { irVersion: 3 });
    const writtenInputs = (irVersion: number): (string | undefined)[] => {
      const bytes = encodeModel({ ...model, irVersion });
      const proto = decodeMessage(new Cursor(new MemorySource(bytes)), MODEL, bytes.length);
      return proto.graph?.input.map((input) => input.name) ?? [];
    };
    expect(model.graph.inputs.map((value) => value.name)).toEqual(['x']);
    expect(writtenInputs(3)).toEqual(['x', 'w']);
    expect(writtenInputs(4)).toEqual(['x']);
  });

  it('are constants later too, and the reader says so', () => {
    const notices: string[] = [];
    const model = decode(graph, {}, { onNotice: (text) => notices.push(text) });
    expect(model.graph.inputs.map((value) => value.name)).toEqual(['x']);
    expect(notices).toEqual(['inputs with an initializer are read as constants']);
  });

  it('stay inputs with a default when that is asked for', () => {
    const model = decode(graph, {}, { constantInputs: 'keep' });
    expect(model.graph.inputs.map((value) => [value.name, value.constant?.shape])).toEqual([
      ['x', undefined],
      ['w', [2]],
    ]);
    const again = decodeModel(encodeModel(model), { constantInputs: 'keep' });
    expect(again.graph.inputs.map((value) => value.name)).toEqual(['x', 'w']);
  });
});

describe('opset imports', () => {
  const relu = { node: [node('Relu', ['x'], ['y'])], input: io('x'), output: io('y') };

  it('know both spellings of the ONNX domain', () => {
    const { graph } = decode(
      { ...relu, node: [node('Relu', ['x'], ['y'], { domain: 'ai.onnx' })] },
      { opsetImport: [{ domain: 'ai.onnx', version: 13 }] },
    );
    expect([graph.opset, graph.nodes[0]?.op.known]).toEqual([13, true]);
  });

  it('may be missing: the version that fits the IR is assumed', () => {
    const notices: string[] = [];
    const custom = [...relu.node, node('Own', ['x'], ['z'], { domain: 'com.example' })];
    const { graph } = decode(
      { ...relu, node: custom },
      { opsetImport: [], irVersion: 7 },
      { onNotice: (text) => notices.push(text) },
    );
    expect([...graph.opsets]).toEqual([
      ['', 14],
      ['com.example', 1],
    ]);
    expect(notices).toHaveLength(2);
  });

  it.each([6, 29, 0, -1])('are refused at version %i', (version) => {
    expect(codeOf(() => decode(relu, { opsetImport: [{ domain: '', version }] }))).toBe('ONNX_OPSET');
  });

  it.each([7, 28])('are accepted at version %i', (version) => {
    expect(decode(relu, { opsetImport: [{ domain: '', version }] }).graph.opset).toBe(version);
  });
});

describe('what the reader leaves out', () => {
  it('is told once for each kind', () => {
    const notices: string[] = [];
    decode(
      { quantizationAnnotation: [new Uint8Array(0), new Uint8Array(0)] },
      { trainingInfo: [new Uint8Array(0)] },
      { onNotice: (text) => notices.push(text) },
    );
    expect(notices).toEqual(['training information is left out', 'quantization annotations are left out']);
  });
});

describe('bytes in a Node buffer', () => {
  it('give aligned tensors wherever they lie', () => {
    const bytes = file({ initializer: [weight] });
    for (let shift = 0; shift < 4; shift++) {
      const buffer = Buffer.concat([new Uint8Array(shift), bytes]).subarray(shift);
      expect(decodeModel(buffer).graph.value('w')?.constant?.peek()).toEqual(float32([1, 2]));
    }
  });
});

describe('files that are no models', () => {
  it.each([
    ['an empty file', new Uint8Array(0)],
    ['a graph alone', file({}).subarray(4)],
    ['text', new TextEncoder().encode('# Not a model\n')],
  ])('such as %s are refused', (_, bytes) => {
    expect(codeOf(() => decodeModel(bytes))).toMatch(/ONNX_NOT_A_MODEL|ONNX_TRUNCATED/);
  });

  it('have a remedy and the name of the source in their error', () => {
    expect(() => decodeModel(new Uint8Array(0))).toThrow(/^bytes: .*no graph.*Check that the file/);
  });
});
