import { expect, it } from 'vitest';
import { OpRegistry } from './registry.js';
import { standardRegistry } from './standard-registry.js';

it('gives another registry its definitions, but no stand-ins of unknown ops', () => {
  const first = standardRegistry();
  const second = new OpRegistry(first);
  expect(second.lookup('', 'Relu', 21)).toBe(first.lookup('', 'Relu', 21));
  const standIn = first.lookup('my.domain', 'Frobnicate', 1);
  expect(first.lookup('my.domain', 'Frobnicate', 2)).toBe(standIn);
  expect(second.lookup('my.domain', 'Frobnicate', 1)).not.toBe(standIn);
});

it('gives every definition a key of its own', () => {
  const { definitions } = standardRegistry();
  expect(new Set(definitions.map(({ key }) => key)).size).toBe(definitions.length);
});
