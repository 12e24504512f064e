import { inferTypes, parse, print, runPasses } from '@octavo/core/ir';
import { expect, it } from 'vitest';
import { standardizeContrib } from './index.js';

it('turns contrib Q/DQ into that of ONNX', async () => {
  const graph = parse(`graph opset 17, com.microsoft 1 {
    input %x: float32[2, 3]
    const %s: float32[3] = [1, 2, 3]
    const %z: uint16[3] = [7, 8, 9]
    %q = com.microsoft::QuantizeLinear(%x, %s, %z) {axis=1}
    %y = com.microsoft::DequantizeLinear(%q, %s, %z) {axis=1}
    output %y
  }`);
  inferTypes(graph);
  await runPasses(graph, [standardizeContrib], { verify: true });
  expect(print(graph)).toMatchInlineSnapshot(`
    "graph opset 17, com.microsoft 1 {
      input %x: float32[2, 3]
      const %s: float32[3] = [1, 2, 3]
      const %z: uint16[3] = [7, 8, 9]
      %q: uint16[2, 3] = QuantizeLinear(%x, %s, %z) {axis=1, block_size=0}
      %y: float32[2, 3] = DequantizeLinear(%q, %s, %z) {axis=1, block_size=0}
      output %y
    }
    "
  `);
});
