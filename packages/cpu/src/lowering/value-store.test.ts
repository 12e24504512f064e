import { parse } from '@octavo/core/ir';
import { expect, it } from 'vitest';
import type { Block } from './operand.js';
import { ValueStore } from './value-store.js';

const { inputs } = parse('graph opset 21 {\n input %a: float32[4]\n input %b: float32[4]\n output %a\n}');
const [a, b] = inputs;
if (!a || !b) throw new Error('the graph has two inputs');

it('forgets which values lay in a block that is overwritten', () => {
  const store = new ValueStore();
  const block: Block = { kind: 'computed', bytes: 16 };
  const operand = { block, offset: 0, bytes: 16 };
  store.put(a, 'nchw', operand);
  expect([...store.valuesIn(block)]).toEqual([a]);
  store.overwrite(block);
  store.put(b, 'nchw', operand);
  expect([...store.valuesIn(block)]).toEqual([b]);
});
