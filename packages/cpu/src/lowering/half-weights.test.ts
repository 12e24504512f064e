import { fromNumbers, StoredTensor, toNumbers, widenedConstant } from '@octavo/core/tensor';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../tests/addon.js';
import { compileGraph, graphOf } from '../../tests/compile-graph.js';

/** More elements than passes look at: smaller constants are widened at once. */
const [K, N] = [70, 90];

/** Some of them subnormal in float16, where steps are 2^-24. */
const WEIGHTS = Array.from({ length: K * N }, (_, i) => ((i * 37) % 101) * 2 ** -((i % 5) * 5) - 2 ** -20);

const X = fromNumbers(
  'float32',
  [3, K],
  Array.from({ length: 3 * K }, (_, i) => Math.sin(i)),
);

/** What nodes from x to y make of widened halves, or of the same numbers as floats, and the bytes of the constants. */
async function runOn(half: StoredTensor, lines: readonly string[], widened: boolean) {
  const wide = widenedConstant(half);
  const graph = graphOf([`input %x: float32[3, ${K}]`, ...lines, 'output %y']);
  const value = graph.value('w');
  if (value) value.constant = widened ? wide : StoredTensor.of(await wide.load());
  using executable = await compileGraph(graph);
  const [y] = await executable.run([X]);
  return { y: y ? Array.from(toNumbers(y)) : [], bytes: executable.memory?.weights };
}

const MATMUL = [`value %w: float32[${K}, ${N}]`, `%y: float32[3, ${N}] = MatMul(%x, %w)`];
const GEMM = [`value %w: float32[${N}, ${K}]`, `%y: float32[3, ${N}] = Gemm(%x, %w) {transB=1}`];
/** A product of the weights and their sum. */
const READ_TWICE = [
  `value %w: float32[${K}, ${N}]`,
  `%p: float32[3, ${N}] = MatMul(%x, %w)`,
  `%s: float32[1, ${N}] = ReduceSum(%w, %axes) {keepdims=1}`,
  'const %axes: int64[1] = [0]',
  `%y: float32[3, ${N}] = Add(%p, %s)`,
];

const FORMS = { MatMul: MATMUL, Gemm: GEMM, 'two nodes': READ_TWICE };
const CASES = Object.entries(FORMS).flatMap(([name, lines]) =>
  (['float16', 'bfloat16'] as const).map((dtype) => ({ name, lines, dtype })),
);

describeWithAddon('widened weights', () => {
  it.each(CASES)('of $dtype in $name give what floats give', async ({ name, lines, dtype }) => {
    const half = StoredTensor.of(fromNumbers(dtype, name === 'Gemm' ? [N, K] : [K, N], WEIGHTS));
    const [halves, floats] = [await runOn(half, lines, true), await runOn(half, lines, false)];
    expect(halves.y).toEqual(floats.y);
    expect(halves.y.every(Number.isFinite)).toBe(true);
    // Other nodes have no use for halves.
    const saved = name === 'two nodes' ? 0 : 2 * K * N;
    expect(halves.bytes).toBe((floats.bytes ?? 0) - saved);
  });
});
