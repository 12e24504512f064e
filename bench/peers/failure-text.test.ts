import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { failureText } from './failure-text.js';

const IN_FOLDERS = `Load of ${join(tmpdir(), 'work-x1', 'a.onnx')} and ${join(tmpdir(), 'b2', 'c', 'd.onnx')} failed`;

it.each([
  ['the last line', new Error('Trace:\n  at 3\nit failed\n'), 'it failed'],
  ['no temporary folder', new Error(IN_FOLDERS), `Load of a.onnx and ${join('c', 'd.onnx')} failed`],
  ['what is no Error', 'refused', 'refused'],
  ['120 characters', new Error('x'.repeat(200)), 'x'.repeat(120)],
])('tells %s', (_, error, text) => {
  expect(failureText(error)).toBe(text);
});
