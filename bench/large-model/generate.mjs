import { parseArgs } from 'node:util';
import { Add, createModel, Graph, MatMul, Mul, Sigmoid, tensorType } from '@octavo/core/ir';
import { saveOnnx } from '@octavo/formats/node';
import { hashedWeight } from '../hashed-weight.mjs';

/**
 * Writes a float model of the shape of a language model's feed-forward and attention projections, without ever holding
 * more than a few megabytes of it: `node bench/large-model/generate.mjs OUT.onnx [--gigabytes 3]`.
 * Weights above 2 GiB in total go to `OUT.onnx.data`.
 */
const HIDDEN = 2048;
const INNER = 8192;

/** Bytes of one block: four HIDDEN x HIDDEN and three HIDDEN x INNER float32 weights. */
const BLOCK_BYTES = 4 * (4 * HIDDEN * HIDDEN + 3 * HIDDEN * INNER);

/**
 * @param {number} bytes weights in total, at least; rounded up to whole blocks
 */
function largeModel(bytes) {
  const graph = new Graph(new Map([['', 17]]));
  graph.name = 'large';
  let x = graph.addInput('x', tensorType('float32', ['tokens', HIDDEN]));
  let seed = 0;
  /** @type {(name: string, input: typeof x, shape: readonly [number, number]) => typeof x} */
  const project = (name, input, shape) => {
    const B = graph.addInitializer(`${name}.weight`, hashedWeight(seed, shape, 1 / Math.sqrt(shape[0])));
    seed += shape[0] * shape[1];
    return output(graph.emit(MatMul, { A: input, B }, {}, { name }));
  };
  for (let block = 0; block * BLOCK_BYTES < bytes; block++) {
    const at = (/** @type {string} */ part) => `block${block}.${part}`;
    let h = x;
    for (const part of ['q', 'k', 'v', 'o']) h = project(at(part), h, [HIDDEN, HIDDEN]);
    x = output(graph.emit(Add, { A: x, B: h }, {}, { name: at('attention') }));
    const gate = project(at('gate'), x, [HIDDEN, INNER]);
    const up = project(at('up'), x, [HIDDEN, INNER]);
    const open = output(graph.emit(Sigmoid, { X: gate }, {}, { name: at('open') }));
    const inner = output(graph.emit(Mul, { A: open, B: up }, {}, { name: at('gated') }));
    const down = project(at('down'), inner, [INNER, HIDDEN]);
    x = output(graph.emit(Add, { A: x, B: down }, {}, { name: at('out') }));
  }
  graph.outputs.push(x);
  x.type = tensorType('float32', ['tokens', HIDDEN]);
  return createModel(graph);
}

/** @param {import('@octavo/core/ir').Node} node */
function output(node) {
  if (!node.output) throw new Error(`${node.label} has no output`);
  return node.output;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { gigabytes: { type: 'string', default: '3' } },
});
const [path] = positionals;
const gigabytes = Number(values.gigabytes);
if (!path || !(gigabytes > 0)) throw new Error('usage: generate.mjs OUT.onnx [--gigabytes 3]');

await saveOnnx(largeModel(gigabytes * 2 ** 30), path);
