import { inferTypes, parse, print, runPasses } from '@octavo/core/ir';
import { expect, it } from 'vitest';
import { channelsFirst } from './index.js';

it('puts ops with channels last between transposes, and none between two of them', async () => {
  const graph = parse(`graph opset 17, com.microsoft 1 {
    input %x: uint8[1, 6, 5, 3]
    const %s: float32[] = [0.5]
    const %z: uint8[] = [7]
    input %w: int8[4, 3, 2, 2]
    const %zw: int8[] = [0]
    %c = com.microsoft::QLinearConv(%x, %s, %z, %w, %s, %zw, %s, %z) {channels_last=1}
    %y = com.microsoft::QLinearGlobalAveragePool(%c, %s, %z, %s, %z) {channels_last=1}
    output %y
  }`);
  await runPasses(graph, [channelsFirst], { verify: true });
  inferTypes(graph);
  expect(print(graph)).toMatchInlineSnapshot(`
    "graph opset 17, com.microsoft 1 {
      input %x: uint8[1, 6, 5, 3]
      input %w: int8[4, 3, 2, 2]
      const %s: float32[] = 0.5
      const %z: uint8[] = 7
      const %zw: int8[] = 0
      %x/channels: uint8[1, 3, 6, 5] = Transpose(%x) {perm=[0, 3, 1, 2]} @x/channels
      %c_2: uint8[1, 4, 5, 4] = QLinearConv(%x/channels, %s, %z, %w, %s, %zw, %s, %z)
      %y_2: uint8[1, 4, 1, 1] = com.microsoft::QLinearGlobalAveragePool(%c_2, %s, %z, %s, %z)
      %y: uint8[1, 1, 1, 4] = Transpose(%y_2) {perm=[0, 2, 3, 1]} @y_2/channels
      output %y
    }
    "
  `);
});
