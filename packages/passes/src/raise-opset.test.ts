import { parse, print, runPasses } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { raiseOpset } from './index.js';

async function raise(target: number, text: string) {
  const graph = parse(text);
  const [record] = await runPasses(graph, [raiseOpset(target)], { verify: true });
  return { text: print(graph), declined: record?.declined ?? [] };
}

describe('raise-opset', () => {
  it('moves axes from attributes to inputs', async () => {
    const { text } = await raise(
      18,
      `graph opset 11 {
        input %x: float32[1, 2, 3]
        %a = Squeeze(%x) {axes=[0]} @squeeze
        %b = Unsqueeze(%a) {axes=[0, 3]}
        %c = ReduceMean(%b) {axes=[-1], keepdims=0}
        %y = ReduceSum(%c)
        output %y
      }`,
    );
    expect(text).toMatchInlineSnapshot(`
      "graph opset 18 {
        input %x: float32[1, 2, 3]
        const %a_axes: int64[1] = [0]
        const %b_axes: int64[2] = [0, 3]
        const %c_axes: int64[1] = [-1]
        %a: float32[2, 3] = Squeeze(%x, %a_axes) @squeeze
        %b: float32[1, 2, 3, 1] = Unsqueeze(%a, %b_axes)
        %c: float32[1, 2, 3] = ReduceMean(%b, %c_axes) {keepdims=0}
        %y: float32[1, 1, 1] = ReduceSum(%c) {keepdims=1}
        output %y
      }
      "
    `);
  });

  it('stops at the version that is asked for', async () => {
    const { text } = await raise(
      13,
      'graph opset 11 { input %x: float32[2]\n%a = ReduceMax(%x) {axes=[0]}\n%y = Squeeze(%a) {axes=[0]}\noutput %y }',
    );
    expect(text).toContain('ReduceMax(%x) {axes=[0]}');
    expect(text).toContain('Squeeze(%a, %y_axes)');
  });

  it.each([
    ['%y = Softmax(%x) {axis=2}', '= Softmax(%x) {axis=2}'],
    ['%y = LogSoftmax(%x) {axis=-1}', '= LogSoftmax(%x) {axis=2}'],
    ['%y = Hardmax(%z)', '= Hardmax(%z) {axis=1}'],
  ])('keeps %s where one axis has all the elements', async (node, expected) => {
    const { text } = await raise(
      13,
      `graph opset 11 { input %x: float32[N, 4, 5]\ninput %z: float32[N, 4, 1, 1]\n${node}\noutput %y }`,
    );
    expect(text).toContain(expected);
  });

  it('flattens for Softmax over several axes', async () => {
    const { text } = await raise(
      13,
      'graph opset 11 { input %x: float32[N, 4, 5]\n%y = Softmax(%x) {axis=1}\noutput %y }',
    );
    expect(text).toMatchInlineSnapshot(`
      "graph opset 13 {
        input %x: float32[N, 4, 5]
        %x_rows = Flatten(%x) {axis=1}
        %Softmax = Softmax(%x_rows) {axis=-1}
        %x_shape = Shape(%x)
        %y: float32[N, 4, 5] = Reshape(%Softmax, %x_shape)
        output %y
      }
      "
    `);
  });

  it('moves attributes to inputs', async () => {
    const { text } = await raise(
      21,
      `graph opset 9 {
        input %x: float32[4, 8]
        %a = Clip(%x) {min=0.0, max=6.0}
        %b = Clip(%a)
        %c = Pad(%b) {pads=[0, 1, 0, 1], value=2.5}
        %d = Slice(%c) {starts=[0], ends=[4], axes=[1]}
        %e, %f = Split(%d) {axis=1, split=[1, 3]}
        %g, %h = TopK(%f) {k=2}
        %i = Dropout(%g) {ratio=0.25}
        %j, %k = Split(%i)
        output %e, %h, %j, %k
      }`,
    );
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[4, 8]
        const %d_starts: int64[1] = [0]
        const %d_ends: int64[1] = [4]
        const %d_axes: int64[1] = [1]
        const %g_k: int64[1] = [2]
        const %a_min: float32[] = 0
        const %a_max: float32[] = 6
        const %c_pads: int64[4] = [0, 1, 0, 1]
        const %c_value: float32[] = 2.5
        const %i_ratio: float32[] = 0.25
        const %e_split: int64[2] = [1, 3]
        %a: float32[4, 8] = Clip(%x, %a_min, %a_max)
        %b: float32[4, 8] = Clip(%a)
        %c: float32[4, 10] = Pad(%b, %c_pads, %c_value) {mode="constant"}
        %d: float32[4, 4] = Slice(%c, %d_starts, %d_ends, %d_axes)
        %e: float32[4, 1], %f: float32[4, 3] = Split(%d, %e_split) {axis=1}
        %g: float32[4, 2], %h: int64[4, 2] = TopK(%f, %g_k) {axis=-1}
        %i: float32[4, 2] = Dropout(%g, %i_ratio)
        %j: float32[2, 2], %k: float32[2, 2] = Split(%i) {axis=0, num_outputs=2}
        output %e, %h, %j, %k
      }
      "
    `);
  });

  it('keeps the largest int64 as the end of a slice', async () => {
    const { text } = await raise(
      10,
      'graph opset 9 { input %x: float32[8]\n%y = Slice(%x) {starts=[2], ends=[9223372036854775807]}\noutput %y }',
    );
    expect(text).toContain('const %y_ends: int64[1] = [9223372036854775807]');
  });

  it('turns Upsample into Resize with the coordinates that it had', async () => {
    const { text } = await raise(
      13,
      'graph opset 7 { input %x: float32[1, 1, 2, 2]\n%y = Upsample(%x) {scales=[1.0, 1.0, 2.0, 2.0]}\noutput %y }',
    );
    expect(text).toContain('const %y_scales: float32[4] = [1, 1, 2, 2]');
    expect(text).toMatch(/%y: float32\[1, 1, 4, 4\] = Resize\(%x, _, %y_scales\) \{.*"asymmetric".*"floor"/);
  });

  it('drops what BatchNormalization only has in training', async () => {
    const norm = (more: string, outputs = '%y') => `graph opset 8 {
      input %x: float32[1, 1, 2, 2]
      const %g: float32[1] = [1]
      ${outputs} = BatchNormalization(%x, %g, %g, %g, %g) {${more}}
      output ${outputs}
    }`;
    expect((await raise(15, norm('spatial=1'))).text).not.toContain('spatial');
    await expect(raise(15, norm('spatial=0'))).rejects.toMatchObject({ code: 'RAISE_OPSET' });
    await expect(raise(15, norm('', '%y, %m, %v'))).rejects.toThrow(/training mode are read/);
  });

  it('raises subgraphs too', async () => {
    const { text } = await raise(
      13,
      `graph opset 11 {
        input %c: bool[]
        input %x: float32[1, 2]
        %y = If(%c) {else_branch=graph (%i = %x) {
          %r = Squeeze(%i) {axes=[0]}
          output %r
        }, then_branch=graph (%i = %x) {
          %r = ReduceSum(%i) {axes=[0], keepdims=0}
          output %r
        }}
        output %y
      }`,
    );
    expect(text).toContain('Squeeze(%i, %r_axes)');
    expect(text).toContain('ReduceSum(%i, %r_axes) {keepdims=0}');
  });

  it('writes experimental ops in standard ones', async () => {
    const { text } = await raise(
      13,
      `graph opset 7 {
        input %x: float32[1, 2, 8, 9]
        %s = ImageScaler(%x) {scale=2.0, bias=[1.0, -1.0]}
        %c = Crop(%s) {border=[1, 2, 0, 3]}
        %k = Crop(%c) {border=[1, 1, 0, 0], scale=[2, 4]}
        %y = Affine(%k) {alpha=0.5, beta=3.0} @last
        output %y
      }`,
    );
    expect(text).toMatchInlineSnapshot(`
      "graph opset 13 {
        input %x: float32[1, 2, 8, 9]
        const %y_scale: float32[] = 0.5
        const %y_shift: float32[] = 3
        const %s_scale: float32[] = 2
        const %s_shift: float32[2, 1, 1] = [1, -1]
        const %c_starts: int64[2] = [2, 1]
        const %c_ends: int64[2] = [-3, 9223372036854775807]
        const %c_axes: int64[2] = [2, 3]
        const %k_starts: int64[2] = [1, 1]
        const %k_ends: int64[2] = [3, 5]
        const %k_axes: int64[2] = [2, 3]
        %Mul_2 = Mul(%x, %s_scale)
        %s: float32[1, 2, 8, 9] = Add(%Mul_2, %s_shift)
        %c: float32[1, 2, 3, 8] = Slice(%s, %c_starts, %c_ends, %c_axes)
        %k: float32[1, 2, 2, 4] = Slice(%c, %k_starts, %k_ends, %k_axes)
        %Mul = Mul(%k, %y_scale)
        %y: float32[1, 2, 2, 4] = Add(%Mul, %y_shift) @last
        output %y
      }
      "
    `);
  });

  it('leaves newer graphs alone and tells of ops that it does not know', async () => {
    const newer = 'graph opset 22 {\n  input %x: float32[2]\n  output %x\n}\n';
    expect((await raise(13, newer)).text).toBe(newer);
    const { declined } = await raise(13, 'graph opset 11 { input %x: float32[2]\n%y = Foo(%x)\noutput %y }');
    expect(declined.map((each) => each.reason)).toEqual([
      'Foo has no definition and is carried over as it is',
    ]);
  });

  it('refuses what has no equivalent', async () => {
    await expect(
      raise(
        21,
        `graph opset 18 {
          input %x: float32[1, 4, 2]
          const %s: float32[2] = [1, 1]
          %y = GroupNormalization(%x, %s, %s) {num_groups=2}
          output %y
        }`,
      ),
    ).rejects.toMatchObject({ code: 'RAISE_OPSET', message: expect.stringContaining('newer opset') });
  });
});
