import { OpRegistry, standardRegistry } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { OpFinder } from './op-finder.js';

const opsets = new Map([
  ['', 17],
  ['com.microsoft', 1],
]);

describe('ops of nodes', () => {
  it('are told apart by domain, in whatever order they come', () => {
    const finder = new OpFinder(
      { registry: new OpRegistry(standardRegistry()), functions: new Set() },
      opsets,
    );
    for (let round = 0; round < 2; round++) {
      expect(finder.find('com.microsoft', 'Gelu').domain).toBe('com.microsoft');
      expect(finder.find('', 'QuantizeLinear').domain).toBe('');
      expect(finder.find('com.microsoft', 'QuantizeLinear').domain).toBe('com.microsoft');
      expect(finder.find('ai.onnx', 'QuantizeLinear').domain).toBe('');
    }
  });

  it('are those of the version that the graph imports', () => {
    const registry = new OpRegistry(standardRegistry());
    const since = (version: number) =>
      new OpFinder({ registry, functions: new Set() }, new Map([['', version]])).find('', 'Clip').since;
    expect(since(10)).toBe(1);
    expect(since(17)).toBeGreaterThan(1);
  });

  it('are hidden by functions of the model', () => {
    const finder = new OpFinder(
      { registry: new OpRegistry(standardRegistry()), functions: new Set(['::Relu']) },
      opsets,
    );
    expect(finder.find('', 'Relu').known).toBe(false);
    expect(finder.find('', 'Sigmoid').known).toBe(true);
  });
});
