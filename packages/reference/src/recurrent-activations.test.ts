import { describe, expect, it } from 'vitest';
import { recurrentActivations } from './recurrent-activations.js';

const none = {
  activations: undefined,
  activation_alpha: undefined,
  activation_beta: undefined,
  clip: undefined,
};

describe('activations of recurrent ops', () => {
  it('repeat the defaults for each direction', () => {
    const functions = recurrentActivations(none, ['Sigmoid', 'Tanh'], 2);
    expect(functions.map((f) => f(0))).toEqual([0.5, 0, 0.5, 0]);
  });

  it('take alphas and betas only for the names that have them', () => {
    const [first, second, third] = recurrentActivations(
      {
        ...none,
        activations: ['Tanh', 'Affine', 'LeakyRelu'],
        activation_alpha: [2, 0.5],
        activation_beta: [3],
      },
      [],
      1,
    );
    expect([first?.(0), second?.(5), third?.(-4)]).toEqual([0, 13, -2]);
  });

  it('clip the argument', () => {
    const [clipped] = recurrentActivations({ ...none, activations: ['Relu'], clip: 2 }, [], 1);
    expect([clipped?.(5), clipped?.(-5), clipped?.(1)]).toEqual([2, 0, 1]);
  });

  it('refuse names that ONNX does not know', () => {
    expect(() => recurrentActivations({ ...none, activations: ['Cube'] }, [], 1)).toThrow(/cube is unknown/);
    expect(() => recurrentActivations({ ...none, activations: ['constructor'] }, [], 1)).toThrow(
      /constructor is unknown/,
    );
  });
});
