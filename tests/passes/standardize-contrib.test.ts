import { cloneGraph, createModel, type Graph, inferTypes, parse, runPasses } from '@octavo/core/ir';
import { toNumbers } from '@octavo/core/tensor';
import { encodeModel } from '@octavo/formats';
import { standardizeContrib } from '@octavo/passes';
import { expect, it } from 'vitest';
import { runOnnxruntime } from '../conformance/both-runtimes.js';
import { reals } from '../conformance/random-tensors.js';

const SINGLE = { scale: 'float32[] = 0.1', zero: 'uint8[] = 128' };
const COLUMNS = { scale: 'float32[4] = [0.1, 0.2, 0.3, 0.4]', zero: 'uint8[4] = [128, 127, 126, 125]' };

async function resultOf(graph: Graph): Promise<readonly number[][]> {
  const outputs = await runOnnxruntime(encodeModel(createModel(graph)), graph, [reals([3, 4], 7)]);
  return outputs.map((tensor) => [...toNumbers(tensor)]);
}

it.each([
  [10, '', SINGLE],
  [12, 'axis=0', SINGLE],
  [13, '', SINGLE],
  [13, '', COLUMNS],
  [18, '', SINGLE],
  [18, 'axis=-1', COLUMNS],
  [20, 'axis=1', COLUMNS],
  [21, '', SINGLE],
])(
  'turns Q/DQ into what onnxruntime reads in opset %i, with {%s}',
  async (opset, attributes, { scale, zero }) => {
    const before = parse(`graph opset ${opset}, com.microsoft 1 {
    input %x: float32[3, 4]
    const %s: ${scale}
    const %z: ${zero}
    %q = com.microsoft::QuantizeLinear(%x, %s, %z) {${attributes}}
    %y = com.microsoft::DequantizeLinear(%q, %s, %z) {${attributes}}
    output %q, %y
  }`);
    inferTypes(before);
    const after = cloneGraph(before);
    await runPasses(after, [standardizeContrib], { verify: true });
    expect(after.nodes.map(({ op }) => op.domain)).toEqual(['', '']);
    expect(await resultOf(after)).toEqual(await resultOf(before));
  },
);
