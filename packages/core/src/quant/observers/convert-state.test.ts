import { describe, expect, it } from 'vitest';
import { convertState } from './convert-state.js';
import { type ObserverName, observers } from './index.js';

const values = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i) ** 9 * 10);

function stateOf(name: ObserverName) {
  const observer = observers[name].create();
  observer.observe(values);
  return observer.toJSON();
}

describe('convertState', () => {
  it.each(['percentile', 'entropy', 'mse', 'minmax'] as const)('reads a histogram as %s', (name) => {
    const converted = convertState(stateOf('mse'), name);
    expect(converted).toEqual(stateOf(name));
    expect(observers[name].restore(converted).range()).toEqual(
      observers[name].restore(stateOf(name)).range(),
    );
  });

  it('reads an empty histogram as empty extremes', () => {
    const converted = convertState(observers.entropy.create().toJSON(), 'minmax');
    expect(converted).toEqual(observers.minmax.create().toJSON());
  });

  it.each([
    ['minmax', 'mse'],
    ['mse', 'moving-average'],
    ['moving-average', 'minmax'],
  ] as const)('finds no %s that tells %s', (from, to) => {
    expect(convertState(stateOf(from), to)).toBeUndefined();
  });
});
