import { allocate, type DType, Tensor } from '@octavo/core/tensor';
import * as ort from 'onnxruntime-node';
import { ortTensor } from '../onnxruntime-tensor.js';
import { type TinyNode, tinyModel } from './tiny-model.js';

/** Runs one node in onnxruntime without graph optimizations; tensors go in by position, one comes out. */
export async function runNode(
  node: Omit<TinyNode, 'inputs' | 'outputs'>,
  inputs: readonly Tensor[],
  output: DType,
  opset?: number,
  rank?: readonly number[],
): Promise<Tensor> {
  const named = inputs.map((tensor, i) => ({ name: `x${i}`, tensor }));
  const shape = rank ?? inputs[0]?.shape ?? [];
  return runGraph(
    [{ ...node, inputs: named.map(({ name }) => name), outputs: ['y'] }],
    named,
    { name: 'y', dtype: output, shape },
    opset,
  );
}

/** Runs a chain of nodes that ends in `output`. */
export async function runGraph(
  nodes: readonly TinyNode[],
  inputs: readonly { readonly name: string; readonly tensor: Tensor }[],
  output: { readonly name: string; readonly dtype: DType; readonly shape: readonly number[] },
  opset?: number,
): Promise<Tensor> {
  const model = tinyModel(
    nodes,
    inputs.map(({ name, tensor }) => ({ name, dtype: tensor.dtype, shape: tensor.shape })),
    [output],
    opset,
  );
  const session = await ort.InferenceSession.create(model, { graphOptimizationLevel: 'disabled' });
  try {
    const feeds = Object.fromEntries(inputs.map(({ name, tensor }) => [name, ortTensor(tensor)]));
    const found = (await session.run(feeds))[output.name];
    if (found === undefined) throw new Error(`onnxruntime gave no ${output.name}`);
    const data = allocate(output.dtype, found.size);
    new Uint8Array(data.buffer).set(viewBytes(found.data));
    return new Tensor(output.dtype, found.dims, data);
  } finally {
    await session.release();
  }
}

function viewBytes(data: ort.Tensor.DataType): Uint8Array {
  if (!ArrayBuffer.isView(data)) throw new Error('onnxruntime gave strings');
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
