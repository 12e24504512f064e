import { parse, print, runPasses } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { foldBatchNorm } from './index.js';

async function fold(text: string) {
  const graph = parse(text);
  const [record] = await runPasses(graph, [foldBatchNorm], { verify: true });
  return { text: print(graph), declined: record?.declined ?? [] };
}

/** factor = [2, 0.5], offset = [1 - 2 * 3, 2 - 0.5 * 4] with epsilon 0. */
const NORM = `
  const %g: float32[2] = [4, 1]
  const %beta: float32[2] = [1, 2]
  const %mean: float32[2] = [3, 4]
  const %var: float32[2] = [4, 4]`;
const BN = 'BatchNormalization(%c, %g, %beta, %mean, %var) {epsilon=0.0}';

describe('fold-batch-norm', () => {
  it('folds into a convolution without bias', async () => {
    const { text } = await fold(`graph opset 21 {
      input %x: float32[1, 1, 2, 2]
      const %w: float32[2, 1, 1, 1] = [10, 20]
      ${NORM}
      %c: float32[1, 2, 2, 2] = Conv(%x, %w) @conv
      %y: float32[1, 2, 2, 2] = ${BN}
      output %y
    }`);
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[1, 1, 2, 2]
        const %c_bias: float32[2] = [-5, 0]
        const %w: float32[2, 1, 1, 1] = [20, 10]
        %y: float32[1, 2, 2, 2] = Conv(%x, %w, %c_bias) @conv
        output %y
      }
      "
    `);
  });

  it('folds into a grouped transposed convolution with bias', async () => {
    const { text } = await fold(`graph opset 21 {
      input %x: float32[1, 4, 1, 1]
      const %w: float32[4, 1, 1, 2] = [1, 2, 3, 4, 5, 6, 7, 8]
      const %b: float32[2] = [100, 200]
      ${NORM}
      %c = ConvTranspose(%x, %w, %b) {group=2}
      %y = ${BN}
      output %y
    }`);
    expect(text).toContain('const %w: float32[4, 1, 1, 2] = [2, 4, 6, 8, 2.5, 3, 3.5, 4]');
    expect(text).toContain('const %b: float32[2] = [195, 100]');
  });

  it('folds into Gemm, its beta included', async () => {
    const { text } = await fold(`graph opset 21 {
      input %x: float32[3, 2]
      const %w: float32[2, 2] = [1, 2, 3, 4]
      const %b: float32[1, 2] = [100, 200]
      ${NORM}
      %c = Gemm(%x, %w, %b) {transB=1, beta=0.5}
      %y = ${BN}
      output %y
    }`);
    expect(text).toContain('const %w: float32[2, 2] = [2, 4, 1.5, 2]');
    expect(text).toContain('const %b: float32[1, 2] = [95, 50]');
    expect(text).toContain('%y = Gemm(%x, %w, %b) {transB=1}');
  });

  it('folds into MatMul with and without a constant added', async () => {
    const { text } = await fold(
      `graph opset 21 {
      input %x: float32[3, 2]
      const %w: float32[2, 2] = [1, 2, 3, 4]
      const %v: float32[2, 2] = [1, 2, 3, 4]
      const %b: float32[2] = [100, 200]
      ${NORM}
      %m = MatMul(%x, %w)
      %c = Add(%b, %m)
      %y = ${BN}
      %n: float32[3, 2] = MatMul(%x, %v)
      %z = BatchNormalization(%n, %g, %beta, %mean, %var) {epsilon=0.0}
      output %y, %z
    }`.replace('%m =', '%m: float32[3, 2] ='),
    );
    expect(text).toContain('const %w: float32[2, 2] = [2, 1, 6, 2]');
    expect(text).toContain('const %b: float32[2] = [195, 100]');
    expect(text).toContain('const %v: float32[2, 2] = [2, 1, 6, 2]');
    expect(text).not.toContain('BatchNormalization');
  });

  it.each([
    ['%c = Conv(%x, %v)\ninput %v: float32[2, 1, 1, 1]', BN, 'the weights v are not constant'],
    ['%c = Conv(%x, %w)\n%d = Conv(%x, %w)\noutput %d', BN, 'the weights w are shared'],
    ['%c = Conv(%x, %w)\n%d = Neg(%c)\noutput %d', BN, 'the result of Conv(c) is read elsewhere too'],
    ['%c = Conv(%x, %w)', BN.replace('epsilon=0.0', 'training_mode=1'), 'it is in training mode'],
    ['%c = Conv(%x, %w)\ninput %s: float32[2]', BN.replace('%g', '%s'), 'its input s is not constant'],
    [
      '%c = Conv(%x, %w)\nconst %s: float32[1] = [1]',
      BN.replace('%g', '%s'),
      'its input s does not have 2 elements',
    ],
  ])('declines %j', async (conv, norm, reason) => {
    const { text, declined } = await fold(`graph opset 21 {
      input %x: float32[1, 1, 2, 2]
      const %w: float32[2, 1, 1, 1] = [10, 20]
      ${NORM}
      ${conv}
      %y = ${norm}
      output %y
    }`);
    expect(declined.map((each) => each.reason)).toEqual([reason]);
    expect(text).toContain('BatchNormalization');
  });
});
