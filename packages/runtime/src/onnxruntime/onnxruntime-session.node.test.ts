import { createModel, parse } from '@octavo/core/ir';
import { Tensor } from '@octavo/core/tensor';
import { expect, it } from 'vitest';
import { createOnnxRuntimeSession } from './index.js';

it('carries the bits of float16 into onnxruntime and back', async () => {
  const graph = parse(`graph main opset 21 {
  input %x: float16[3]
  %y: float16[3] = Neg(%x)
  output %y
}
`);
  const session = await createOnnxRuntimeSession(createModel(graph));
  const { y } = await session.run({ x: new Tensor('float16', [3], Uint16Array.of(0x3c00, 0x0001, 0xfbff)) });
  expect(y).toEqual(new Tensor('float16', [3], Uint16Array.of(0xbc00, 0x8001, 0x7bff)));
});
