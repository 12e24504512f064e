import { expect, it } from 'vitest';
import { assemble, opNumbersOf } from './assemble.js';

const opNumbers = opNumbersOf({ opNames: () => ['copy'] });

function programOf(word: number) {
  return {
    ops: [{ name: 'copy', operands: [], words: [word] }],
    inputBytes: [],
    outputs: [],
    pool: undefined,
  };
}

it('encodes the extremes of what a word holds', () => {
  for (const word of [2 ** 31 - 1, -(2 ** 31), 0])
    expect([...assemble(programOf(word), opNumbers).code]).toEqual([0, 0, 1, word]);
});

it('refuses sizes that a word does not hold, by the name of their op', () => {
  for (const word of [2 ** 31, 2 ** 32 + 5, 0.5])
    expect(() => assemble(programOf(word), opNumbers)).toThrow(
      `op copy: sizes of native ops are below 2^31, found ${word}.`,
    );
});
