import { describe, expect, it } from 'vitest';
import { float32, StoredTensor } from '../tensor/index.js';
import { Graph } from './graph.js';
import { Add, Relu } from './ops/index.js';
import { parse } from './text/index.js';
import { tensorType } from './value.js';
import { verify } from './verify.js';

function sound(): Graph {
  return parse(`graph opset 21 {
    input %x: float32[2]
    const %w: float32[2] = [1, 2]
    %a = Add(%x, %w)
    %y = Relu(%a)
    output %y
  }`);
}

function named(graph: Graph, name: string) {
  const value = graph.value(name);
  if (!value) throw new Error(`the graph has a value ${name}`);
  return value;
}

describe('verify', () => {
  it('accepts a sound graph', () => {
    expect(() => verify(sound())).not.toThrow();
  });

  it.each<[string, (graph: Graph) => void, string]>([
    [
      'an operand of another graph',
      (graph) => graph.nodes[0]?.setInput(0, new Graph().addInput('z')),
      'its operand z is no value of this graph',
    ],
    [
      'an operand that nothing defines',
      (graph) => graph.nodes[0]?.setInput(0, graph.addValue('z')),
      'value z: it is read, but no node, input or constant gives it',
    ],
    [
      'an output that nothing defines',
      (graph) => graph.outputs.push(graph.addValue('z')),
      'value z: it is read, but no node, input or constant gives it',
    ],
    ['a cycle', (graph) => graph.nodes[0]?.setInput(1, named(graph, 'y')), 'it depends on its own output'],
    [
      'an input that a node computes',
      (graph) => graph.inputs.push(named(graph, 'a')),
      'value a: an input or capture is computed by a node',
    ],
    [
      'an input listed twice',
      (graph) => graph.inputs.push(named(graph, 'x')),
      'a value is an input or capture twice',
    ],
    [
      'a value renamed behind the graph',
      (graph) => {
        named(graph, 'w').name = 'v';
      },
      'value v: it is registered under another name',
    ],
    [
      'a constant that a node computes too',
      (graph) => {
        named(graph, 'a').constant = StoredTensor.of(float32([1]));
      },
      'it is both a constant and computed by a node',
    ],
    [
      'users out of step',
      (graph) => {
        const relu = named(graph, 'y').producer;
        if (relu) named(graph, 'x').countOperand(relu, 1);
      },
      'value x: the users it remembers are not the nodes that read it',
    ],
    [
      'a constant with another type',
      (graph) => {
        named(graph, 'w').type = tensorType('float32', [3]);
      },
      'value w: it is declared as [3], its elements are [2]',
    ],
    [
      'a constant with another dtype',
      (graph) => {
        named(graph, 'w').type = tensorType('int32', [2]);
      },
      'value w: it is declared as int32, its elements are float32',
    ],
    ['a missing input', (graph) => graph.nodes[0]?.setInput(1, undefined), 'the required input B is missing'],
    [
      'too many inputs',
      (graph) => graph.nodes[0]?.setInput(2, named(graph, 'w')),
      'it has 3 inputs, its op takes 2',
    ],
    [
      'an op newer than the opset',
      (graph) => graph.opsets.set('', 6),
      'its op exists since version 7, the graph has version 6',
    ],
  ])('refuses %s', (_, damage, message) => {
    const graph = sound();
    damage(graph);
    expect(() => verify(graph)).toThrow(message);
  });

  it('refuses attributes that the op does not accept', () => {
    const text = (attributes: string) => `graph opset 21 {
      input %x: float32[2, 2]
      %y = Concat(%x) ${attributes}
      output %y
    }`;
    expect(() => verify(parse(text('')))).toThrow('the required attribute axis is missing');
    expect(() => verify(parse(text('{axis=1.5}')))).toThrow('the attribute axis (int) does not accept');
  });

  it.each([
    ['uint8[2] quantized(scale [1, 2], zero 0)', 'it has 2 scales and 1 zero points'],
    ['uint8[2] quantized(scale nan, zero 0)', 'a scale is not finite'],
    ['uint8[2] quantized(scale 1, zero 300)', 'the zero point 300 is outside uint8'],
    ['uint8[2] quantized(scale [1, 2], zero [0, 0])', 'per tensor means 1 scale, found 2'],
    ['int8[3] quantized(scale [1, 2], zero [0, 0], axis 0)', 'axis 0 has 3 indices and 2 scales'],
    ['int8[3] quantized(scale [1, 2], zero [0, 0], axis 1)', 'its quantization axis 1 is outside rank 1'],
    ['int8[5] quantized(scale [1, 2], zero [0, 0], axis 0, block 2)', 'its shape has 3 blocks and 2 scales'],
    ['int8[-1]', 'its shape has the size -1'],
  ])('refuses the type %s', (type, message) => {
    expect(() => verify(parse(`graph opset 21 { input %x: ${type} }`))).toThrow(message);
  });

  it('refuses a storage that is not the dtype', () => {
    const graph = parse('graph opset 21 { input %x: int8[2] quantized(scale 1, zero 0) }');
    const value = named(graph, 'x');
    if (value.quantized) value.type = tensorType('uint8', [2], value.quantized);
    expect(() => verify(graph)).toThrow('its elements are uint8, its quantized type stores int8');
  });

  it('looks into subgraphs', () => {
    const graph = parse(`graph opset 21 {
      input %c: bool[]
      input %x: float32[2]
      %y = If(%c) {else_branch=graph (%i = %x) { output %i }, then_branch=graph (%i = %x) { output %i }}
      output %y
    }`);
    verify(graph);
    const inner = graph.nodes[0]?.subgraphs[0]?.graph;
    inner?.outputs.push(inner.addValue('z'));
    expect(() => verify(graph)).toThrow('value z');
    inner?.outputs.pop();
    inner?.captures.pop();
    expect(() => verify(graph)).toThrow();
  });

  it('refuses a node that gives a value of another graph', () => {
    const graph = sound();
    const other = new Graph();
    graph.addNode(Relu, { inputs: [named(graph, 'x')], outputs: [other.addValue('z')] });
    expect(() => verify(graph)).toThrow('its output z has another producer or graph');
    expect(Add.is(graph.nodes[0])).toBe(true);
  });
});
