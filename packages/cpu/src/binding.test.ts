import { expect, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';
import { BINDING_FUNCTIONS, isNativeBinding } from './binding.js';

describeWithAddon('the addon', ({ binding }) => {
  it('exports exactly the functions of the interface', () => {
    expect(Object.keys(binding).sort()).toEqual(Object.keys(BINDING_FUNCTIONS).sort());
    expect(isNativeBinding(binding)).toBe(true);
  });
});

it('is not any object that lacks a function', () => {
  expect(isNativeBinding({ version: () => '1' })).toBe(false);
  expect(isNativeBinding(null)).toBe(false);
});
