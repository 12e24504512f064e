import { wholeGraph } from '@octavo/backend';
import { Relu } from '@octavo/core/ir';
import { TensorError } from '@octavo/core/tensor';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../tests/addon.js';
import { graphOf } from '../../tests/compile-graph.js';
import { loweringTable } from './choose-lowering.js';
import { compilerOf, compileSubgraph } from './compile.js';
import { defineLowering, type Lowering } from './lowering.js';
import { required } from './static-value.js';

const GRAPH = ['input %x: float32[4]', '%t = Relu(%x) @first', '%y = Relu(%t) @second', 'output %y'];

describeWithAddon('what goes wrong while a subgraph is compiled names its node', ({ binding }) => {
  const compile = (lowering: Lowering) =>
    compileSubgraph(compilerOf(binding, loweringTable([lowering])), wholeGraph(graphOf(GRAPH)), {
      taps: new Set(),
    });

  it('where a lowering throws', async () => {
    const lowering = defineLowering(Relu, {
      lower: () => {
        throw new TensorError({ code: 'TENSOR_AXIS', message: 'no such axis.', remedy: 'Name another.' });
      },
    });
    await expect(compile(lowering)).rejects.toMatchObject({
      name: 'TensorError',
      code: 'TENSOR_AXIS',
      where: 'node first (Relu)',
      fault: 'no such axis.',
      remedy: 'Name another.',
    });
  });

  it('where the addon refuses an op', async () => {
    const lowering = defineLowering(Relu, {
      lower: ({ node }, program) => {
        const k = node.name === 'second' ? 5 : 4;
        const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
        program.emit({
          name: 'top_k',
          operands: [program.operand(input), program.output(output), undefined],
          words: [2, 1, 4, 1, k, 1],
        });
      },
    });
    await expect(compile(lowering)).rejects.toMatchObject({
      name: 'CpuError',
      code: 'CPU_INVALID_ARGUMENT',
      where: 'node second (Relu)',
      fault: 'top_k: k: expected a smaller number',
    });
  });
});
