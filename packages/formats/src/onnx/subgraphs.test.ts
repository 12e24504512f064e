import { describe, expect, it } from 'vitest';
import { codeOf, decode, file, io, node, weight } from '../../tests/model-file.js';
import type { Encodable } from '../wire/encode-message.js';
import { decodeModel } from './decode-model.js';
import { encodeModel } from './encode-model.js';
import type { GraphProto, NodeProto } from './schema.js';

describe('subgraphs', () => {
  const branch = (output: string, ...nodes: Encodable<NodeProto>[]): Encodable<GraphProto> => ({
    name: `make ${output}`,
    node: nodes,
    output: io(output),
  });
  const conditional = (then: Encodable<GraphProto>, otherwise: Encodable<GraphProto>, output = 'y') =>
    node('If', ['c'], [output], {
      attribute: [
        { name: 'then_branch', g: then, type: 5 },
        { name: 'else_branch', g: otherwise, type: 5 },
      ],
    });

  it('capture what they read from outside, through every level', () => {
    const inner = conditional(branch('i1', node('Relu', ['x'], ['i1'])), branch('x'), 'deep');
    const { graph } = decode({
      node: [conditional(branch('deep', inner), branch('o', node('Neg', ['w'], ['o'])))],
      input: io('c', 'x'),
      output: io('y'),
      initializer: [weight],
    });
    const [outer] = graph.nodes;
    expect(outer?.captures.map((value) => value.name).sort()).toEqual(['c', 'w', 'x']);
    const [then, otherwise] = outer?.subgraphs ?? [];
    expect(then?.graph.captures.map((value) => value.name).sort()).toEqual(['c', 'x']);
    expect(otherwise?.graph.captures.map((value) => value.name)).toEqual(['w']);
    const captured = then?.graph.captures.map((_, i) => outer?.captures[then.sources[i] ?? -1]?.name);
    expect(captured).toEqual(then?.graph.captures.map((value) => value.name));
  });

  it('follow a renamed outer value, and step aside when an inner value has its new name', () => {
    const model = decode({
      node: [
        node('Neg', ['x'], ['h']),
        conditional(branch('t', node('Exp', ['h'], ['clash']), node('Abs', ['clash'], ['t'])), branch('h')),
      ],
      input: io('c', 'x'),
      output: io('y'),
    });
    const h = model.graph.value('h');
    if (h) model.graph.rename(h, 'clash');
    const { graph } = decodeModel(encodeModel(model));
    const [then] = graph.nodes[1]?.subgraphs ?? [];
    const exp = then?.graph.nodes[0];
    expect(exp?.inputs[0]?.name).toBe('clash');
    expect(then?.graph.captures).toEqual([exp?.inputs[0]]);
    expect(exp?.outputs[0]?.name).not.toBe('clash');
  });

  it('cannot read what nobody defines', () => {
    const graph = {
      node: [conditional(branch('t', node('Exp', ['?'], ['t'])), branch('c'))],
      input: io('c'),
    };
    expect(codeOf(() => decode(graph))).toBe('ONNX_UNDEFINED_VALUE');
  });
});

describe('local functions', () => {
  const bytes = file(
    {
      node: [
        node('Twice', ['x'], ['y'], {
          domain: 'mine',
          overload: 'o',
          attribute: [{ name: 'k', i: 2, type: 2 }],
        }),
      ],
      input: io('x'),
      output: io('y'),
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
          overload: 'o',
          input: ['a'],
          output: ['b'],
          attribute: ['k'],
          attributeProto: [{ name: 'alpha', f: 0.5, type: 1 }],
          opsetImport: [{ domain: '', version: 16 }],
          node: [
            node('LeakyRelu', ['a'], ['b'], {
              attribute: [{ name: 'alpha', refAttrName: 'alpha', type: 1 }],
            }),
          ],
          docString: 'doubles',
        },
      ],
    },
  );

  it('are read with their own opsets, defaults and attribute references', () => {
    const [twice] = decodeModel(encodeModel(decodeModel(bytes))).functions;
    expect(twice).toMatchObject({
      domain: 'mine',
      name: 'Twice',
      overload: 'o',
      attributes: ['k'],
      docString: 'doubles',
    });
    expect(twice?.defaults.get('alpha')).toEqual({ kind: 'float', value: 0.5 });
    expect(twice?.graph.opset).toBe(16);
    expect(twice?.graph.nodes[0]?.attributes.get('alpha')).toEqual({
      kind: 'reference',
      value: 'alpha',
      type: 1,
    });
  });

  it('are called by nodes whose op is not a definition', () => {
    const [call] = decodeModel(bytes).graph.nodes;
    expect([call?.op.name, call?.op.domain, call?.op.known, call?.overload]).toEqual([
      'Twice',
      'mine',
      false,
      'o',
    ]);
  });
});
