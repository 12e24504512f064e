import { createModel, parse, print } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { prepare } from './index.js';

describe('prepare', () => {
  it('leaves a trained network as products with weights and biases', async () => {
    const model = createModel(
      parse(`graph opset 13, local 1 {
        input %x: float32[N, 1, 2, 2]
        const %w: float32[2, 1, 2, 2] = [1, 2, 3, 4, 5, 6, 7, 8]
        const %g: float32[2] = [2, 2]
        const %beta: float32[2] = [1, 1]
        const %mean: float32[2] = [0, 0]
        const %var: float32[2] = [4, 4]
        const %unused: float32[1] = [0]
        %shift = Constant() {value=float32[2, 1, 1] [10, 20]}
        %c = Conv(%x, %w)
        %s = Add(%c, %shift)
        %n = BatchNormalization(%s, %g, %beta, %mean, %var) {epsilon=0.0}
        %r = local::Activate(%n)
        %d = Dropout(%r)
        %f = Flatten(%d)
        %v = Constant() {value=float32[2, 1] [1, -1]}
        %m = MatMul(%f, %v)
        %o = Constant() {value=float32[1] [0.5]}
        %y: float32[N, 1] = Add(%m, %o)
        output %y
      }`),
    );
    model.functions.push({
      domain: 'local',
      name: 'Activate',
      overload: '',
      attributes: [],
      defaults: new Map(),
      graph: parse('graph opset 13 { input %a\n%b = Relu(%a)\noutput %b }'),
      docString: '',
    });
    const records = await prepare(model, { evaluate: () => undefined, verify: true });
    expect(print(model.graph)).toMatchInlineSnapshot(`
      "graph opset 13 {
        input %x: float32[N, 1, 2, 2]
        const %v: float32[2, 1] = [1, -1]
        const %o: float32[1] = [0.5]
        const %c_bias: float32[2] = [11, 21]
        const %w: float32[2, 1, 2, 2] = [1, 2, 3, 4, 5, 6, 7, 8]
        %n: float32[N, 2, 1, 1] = Conv(%x, %w, %c_bias)
        %r: float32[N, 2, 1, 1] = Relu(%n)
        %f: float32[N, 2] = Flatten(%r)
        %y: float32[N, 1] = Gemm(%f, %v, %o)
        output %y
      }
      "
    `);
    expect(records.filter((record) => record.changed).map((record) => record.pass)).toEqual([
      'lift-constants',
      'eliminate-identity',
      'fuse-conv-bias',
      'fold-batch-norm',
      'fuse-gemm',
      'eliminate-dead-nodes',
    ]);
  });
});
