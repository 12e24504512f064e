import { describe, expect, it } from 'vitest';
import { attr } from './attribute.js';
import { Graph } from './graph.js';
import { defineOp, unknownOp } from './op.js';
import { OpRegistry } from './registry.js';

const Scale = defineOp({
  name: 'Scale',
  domain: 'test',
  since: 3,
  inputs: ['x', 'factor?', 'rest...'],
  outputs: ['y'],
  attributes: {
    axis: attr.required.int(),
    gain: attr.float(0.1),
    mode: attr.oneOf('fast', 'exact'),
    sizes: attr.ints(),
    label: attr.string('none'),
  },
  inferTypes: () => [],
});

function scaleNode(attributes: Parameters<typeof Scale.encodeAttributes>[0]) {
  const graph = new Graph();
  const x = graph.addInput('x');
  return graph.emit(Scale, { x, rest: [x] }, attributes);
}

describe('defineOp', () => {
  it('gives inputs by name, left-out ones as undefined, the rest as a list', () => {
    const node = scaleNode({ axis: 1 });
    const { x, factor, rest } = Scale.inputs(node);
    expect([x.name, factor, rest]).toEqual(['x', undefined, [x]]);
  });

  it('gives attributes with their defaults; floats are float32', () => {
    const node = scaleNode({ axis: 1, gain: 0.3, mode: 'exact', sizes: [1, 2] });
    expect(Scale.attributes(node)).toEqual({
      axis: 1,
      gain: Math.fround(0.3),
      mode: 'exact',
      sizes: [1, 2],
      label: 'none',
    });
    expect(Scale.attributes(scaleNode({ axis: -1 }))).toMatchObject({ mode: 'fast', sizes: undefined });
  });

  it('gives attributes as they are after a change', () => {
    const node = scaleNode({ axis: 1, label: 'a' });
    expect(Scale.attributes(node)).toMatchObject({ axis: 1, label: 'a' });
    node.setAttribute('axis', { kind: 'int', value: 2 });
    node.setAttribute('label', undefined);
    expect(Scale.attributes(node)).toMatchObject({ axis: 2, label: 'none' });
  });

  it('refuses missing and ill-typed attributes and missing inputs', () => {
    const node = scaleNode({});
    expect(() => Scale.attributes(node)).toThrow('Scale needs the attribute axis (int); it is missing');
    node.setAttribute('axis', { kind: 'string', value: 'x' });
    expect(() => Scale.attributes(node)).toThrow('found a value of kind string that does not fit');
    node.setAttribute('axis', { kind: 'int', value: 0 });
    node.setAttribute('mode', { kind: 'string', value: 'slow' });
    expect(() => Scale.attributes(node)).toThrow('the attribute mode (string)');
    node.setInput(0, undefined);
    expect(() => Scale.inputs(node)).toThrow('Scale needs the input x (position 0), which is missing');
  });

  it('tells its own nodes from others of that name', () => {
    const node = scaleNode({ axis: 0 });
    const older = defineOp({
      name: 'Scale',
      domain: 'test',
      inputs: ['x'],
      outputs: ['y'],
      inferTypes: () => [],
    });
    expect([Scale.is(node), older.is(node), Scale.is(undefined)]).toEqual([true, false, false]);
  });
});

describe('OpRegistry', () => {
  const older = defineOp({
    name: 'Scale',
    domain: 'test',
    inputs: ['x'],
    outputs: ['y'],
    inferTypes: () => [],
  });
  const registry = new OpRegistry([older, Scale]);

  it('finds the newest definition that the opset has', () => {
    expect(registry.lookup('test', 'Scale', 2)).toBe(older);
    expect(registry.lookup('test', 'Scale', 3)).toBe(Scale);
    expect(registry.lookup('test', 'Scale', 99)).toBe(Scale);
    expect(registry.definitions).toEqual([Scale, older]);
  });

  it('gives one stand-in for each op without definition', () => {
    const standIn = registry.lookup('ai.onnx', 'Nothing', 1);
    expect(standIn).toMatchObject({ known: false, name: 'Nothing', domain: '' });
    expect(registry.lookup('', 'Nothing', 5)).toBe(standIn);
    expect(unknownOp('d', 'n').known).toBe(false);
  });
});
