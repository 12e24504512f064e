import { type Backend, unsupported } from '@octavo/backend';
import { createModel, inferTypes, type Model, parse } from '@octavo/core/ir';
import { float32, fromNumbers, int64, OctavoError, toNumbers } from '@octavo/core/tensor';
import { reference } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import { createSession } from './create-session.js';

/** `2 x` or `x` without its first column, which a vector does not have. */
const GRAPH = `graph opset 21 {
  input %c: bool[]
  input %x: float32[N, M]
  const %two: float32[] = [2]
  %a = Neg(%x)
  %y = If(%c) {then_branch=graph (%v = %a, %k = %two) {
    const %minus: float32[] = [-1]
    %d = Mul(%v, %k)
    %e = Mul(%d, %minus)
    output %e
  }, else_branch=graph (%v = %x) {
    const %axes: int64[1] = [1]
    %s = Squeeze(%v, %axes)
    output %s
  }} @choice
  output %y
}`;

/** A branch takes the sixth of two constants. */
const BEYOND = `graph opset 21 {
  input %c: bool[]
  input %x: float32[2]
  %y = If(%c) {then_branch=graph (%v = %x) {
    const %pair: float32[2] = [1, 2]
    const %sixth: int64[] = [5]
    %k = Gather(%pair, %sixth) @beyond
    %d = Mul(%v, %k)
    output %d
  }, else_branch=graph (%v = %x) {
    %d = Neg(%v)
    output %d
  }} @choice
  output %y
}`;

/** A branch gives far more than it is given. */
const LARGE = `graph opset 21 {
  input %c: bool[]
  input %x: float32[2]
  %y = If(%c) {then_branch=graph (%v = %x) {
    const %shape: int64[2] = [1000, 2]
    %d = Expand(%v, %shape)
    output %d
  }, else_branch=graph (%v = %x) {
    %d = Neg(%v)
    output %d
  }} @choice
  output %y
}`;

/** A branch asks for fewer elements than none. */
const NEGATIVE = LARGE.replace('const %shape: int64[2] = [1000, 2]', 'const %k: int64[1] = [-9]').replace(
  '%d = Expand(%v, %shape)',
  '%d, _ = TopK(%v, %k) @top',
);

/** A branch multiplies by a constant of the graph around. */
const SCALED = `graph opset 21 {
  input %c: bool[]
  input %x: float32[2]
  const %two: float32[] = [2]
  %y = If(%c) {then_branch=graph (%v = %x, %k = %two) {
    %d = Mul(%v, %k) @scaling
    output %d
  }, else_branch=graph (%v = %x) {
    %d = Neg(%v)
    output %d
  }} @choice
  output %y
}`;

/** Each round takes the sixth of two constants. */
const ROUNDS = `graph opset 21 {
  input %n: int64[]
  input %x: float32[1]
  %y = Loop(%n, _, %x) {body=graph {
    input %i: int64[]
    input %going: bool[]
    input %s: float32[1]
    const %pair: float32[2] = [1, 2]
    const %sixth: int64[] = [5]
    %k = Gather(%pair, %sixth) @beyond
    %t = Mul(%s, %k)
    %on = Identity(%going)
    output %on, %t
  }} @loop
  output %y
}`;

function modelOf(text: string): Model {
  const graph = parse(text);
  inferTypes(graph);
  return createModel(graph);
}

const yes = fromNumbers('bool', [], [1]);
const no = fromNumbers('bool', [], [0]);

describe('If in a session', () => {
  it('runs the branch that its condition says, on captures and constants', async () => {
    using session = await createSession(modelOf(GRAPH), { backends: [reference()] });
    const x = float32([1, 2, 3], [3, 1]);
    const [{ y: doubled }, { y: squeezed }] = [
      await session.run({ c: yes, x }),
      await session.run({ c: no, x }),
    ];
    expect(doubled && Array.from(toNumbers(doubled))).toEqual([2, 4, 6]);
    expect(squeezed?.shape).toEqual([3]);
    const choice = session.explain().nodes.find(({ node }) => node === 'choice');
    expect(choice).toMatchObject({
      backend: 'runtime',
      kernel: 'then 2 nodes on reference, else 1 node on reference',
    });
  });

  it('minds that a branch does not fit its captures only where it is taken', async () => {
    using session = await createSession(modelOf(GRAPH), { backends: [reference()] });
    const x = float32([1, 2, 3, 4], [2, 2]);
    const { y } = await session.run({ c: yes, x });
    expect(y && Array.from(toNumbers(y))).toEqual([2, 4, 6, 8]);
    await expect(session.run({ c: no, x })).rejects.toMatchObject({ code: 'INFER_TYPES' });
  });

  it('computes what its branch alone asks for only where it is taken', async () => {
    using session = await createSession(modelOf(BEYOND), { backends: [reference()] });
    const x = float32([1, 2]);
    const { y } = await session.run({ c: no, x });
    expect(y && Array.from(toNumbers(y))).toEqual([-1, -2]);
    await expect(session.run({ c: yes, x })).rejects.toMatchObject({
      code: 'KERNEL_OPERAND',
      where: 'node beyond (Gather)',
    });
  });

  it('makes room for what its branch gives only where it is taken', async () => {
    using session = await createSession(modelOf(LARGE), { backends: [reference()], maxTensorBytes: 64 });
    const x = float32([1, 2]);
    const { y } = await session.run({ c: no, x });
    expect(y && Array.from(toNumbers(y))).toEqual([-1, -2]);
    await expect(session.run({ c: yes, x })).rejects.toMatchObject({ code: 'TENSOR_TOO_LARGE' });
    const choice = session.explain().nodes.find(({ node }) => node === 'choice');
    expect(choice?.kernel).toMatch(/^then fails: .*, else 1 node on reference$/);
  });

  it('names the node in the branch that is given what it does not take', async () => {
    using session = await createSession(modelOf(NEGATIVE), { backends: [reference()] });
    await expect(session.run({ c: yes, x: float32([1, 2]) })).rejects.toMatchObject({
      code: 'TENSOR_SHAPE',
      where: 'node top (TopK), output d',
    });
  });

  it('is refused when it is made where no backend runs what a branch holds', async () => {
    const typed = BEYOND.replace('%y = If', '%y: float32[2] = If');
    const text = typed.replace('%d = Neg(%v)', '%d = NoSuchOp(%v)');
    await expect(createSession(modelOf(text), { backends: [reference()] })).rejects.toMatchObject({
      code: 'OP_UNSUPPORTED',
    });
  });

  it('is refused when it is made where no backend runs a branch with its constants', async () => {
    const plain = reference();
    const variable: Backend = {
      ...plain,
      supports: (node, context) =>
        node.inputs.some((value) => value?.constant)
          ? unsupported('it has constants')
          : plain.supports(node, context),
    };
    await expect(createSession(modelOf(SCALED), { backends: [variable] })).rejects.toMatchObject({
      code: 'OP_UNSUPPORTED',
      message: expect.stringContaining('scaling'),
    });
  });

  it('is refused when it is made where a backend is at fault', async () => {
    const fault = new OctavoError({ code: 'BACKEND_INTERNAL', message: 'no node is being lowered.' });
    const plain = reference();
    const faulty: Backend = {
      ...plain,
      compile: (subgraph, options) =>
        subgraph.nodes.some(({ op }) => op.name === 'Mul')
          ? Promise.reject(fault)
          : plain.compile(subgraph, options),
    };
    await expect(createSession(modelOf(SCALED), { backends: [faulty] })).rejects.toMatchObject({
      code: 'BACKEND_INTERNAL',
    });
  });
});

describe('Loop in a session', () => {
  it('computes what its body asks for only where there is a round', async () => {
    using session = await createSession(modelOf(ROUNDS), { backends: [reference()] });
    const { y } = await session.run({ n: int64([0], []), x: float32([3]) });
    expect(y && Array.from(toNumbers(y))).toEqual([3]);
    await expect(session.run({ n: int64([1], []), x: float32([3]) })).rejects.toMatchObject({
      code: 'KERNEL_OPERAND',
      where: 'node beyond (Gather)',
    });
  });
});
