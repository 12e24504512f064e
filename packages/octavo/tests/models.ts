import { writeFileSync } from 'node:fs';
import {
  Add,
  createModel,
  Gemm,
  Graph,
  type Model,
  Relu,
  tensorType,
  unknownOp,
  type Value,
} from '@octavo/core/ir';
import { float32, StoredTensor, type Tensor } from '@octavo/core/tensor';
import { encodeNpy, encodeNpz } from '@octavo/datasets/node';
import { saveOnnx } from '@octavo/formats/node';

/** `x` float32 [N, 32] through two layers of 64 and 4 neurons to `scores` [N, 4]. */
export function classifier(width = 64): Model {
  const graph = new Graph(new Map([['', 21]]));
  const x = graph.addInput('x', tensorType('float32', ['N', 32]));
  const hidden = dense(graph, 'hidden', x, 32, width);
  const rectified = graph.addValue('rectified');
  graph.addNode(Relu, { name: 'rectify', inputs: [hidden], outputs: [rectified] });
  return finish(graph, dense(graph, 'scores', rectified, width, 4), 4);
}

/** `left` and `right`, float32 [N, 16], each through a layer, added to `sum` [N, 8]. */
export function twoInputs(): Model {
  const graph = new Graph(new Map([['', 21]]));
  const [left, right] = ['left', 'right'].map((name) =>
    graph.addInput(name, tensorType('float32', ['N', 16])),
  );
  if (!left || !right) throw new Error('two inputs were added');
  const sum = graph.addValue('sum');
  const inputs = [dense(graph, 'left_dense', left, 16, 8), dense(graph, 'right_dense', right, 16, 8)];
  graph.addNode(Add, { name: 'add', inputs, outputs: [sum] });
  return finish(graph, sum, 8);
}

/** A layer whose result goes through an op that nobody defines. */
export function withUnknownOp(): Model {
  const graph = new Graph(
    new Map([
      ['', 21],
      ['com.example', 1],
    ]),
  );
  const x = graph.addInput('x', tensorType('float32', ['N', 32]));
  const y = graph.addValue('y', tensorType('float32', ['N', 4]));
  graph.addNode(unknownOp('com.example', 'Swirl'), {
    name: 'swirl',
    inputs: [dense(graph, 'dense', x, 32, 4)],
    outputs: [y],
  });
  return finish(graph, y, 4);
}

export async function saveModel(model: Model, path: string): Promise<string> {
  await saveOnnx(model, path);
  return path;
}

/** Rows of smooth numbers in [-1, 1], the same every time. */
export function rows(count: number, width: number, phase = 0): Tensor<'float32'> {
  return float32(
    Array.from({ length: count * width }, (_, i) => Math.sin(i * 0.37 + phase)),
    [count, width],
  );
}

export function saveNpz(path: string, arrays: Readonly<Record<string, Tensor>>): string {
  writeFileSync(path, encodeNpz(new Map(Object.entries(arrays))));
  return path;
}

export function saveNpy(path: string, tensor: Tensor): string {
  writeFileSync(path, encodeNpy(tensor));
  return path;
}

function dense(graph: Graph, name: string, input: Value, rowCount: number, columns: number): Value {
  const weight = rows(rowCount, columns, name.length);
  const output = graph.addValue(name);
  graph.addNode(Gemm, {
    name: `${name}_gemm`,
    inputs: [
      input,
      graph.addInitializer(`${name}_weight`, StoredTensor.of(weight)),
      graph.addInitializer(`${name}_bias`, StoredTensor.of(float32(rows(1, columns).data, [columns]))),
    ],
    outputs: [output],
  });
  return output;
}

function finish(graph: Graph, output: Value, width: number): Model {
  output.type = tensorType('float32', ['N', width]);
  graph.outputs.push(output);
  return createModel(graph);
}
