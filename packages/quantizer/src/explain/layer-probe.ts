import { Conv, ConvTranspose, createModel, Graph, type Node, tensorType } from '@octavo/core/ir';
import { float32, type NumberArray, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { Session } from '@octavo/runtime';
import type { SessionFactory } from '../calibrate.js';
import type { LayerPair } from './layer-pair.js';

/** Runs one layer alone, on any data, weights and bias. */
export class LayerProbe {
  /** Axis of the result that counts output channels. */
  readonly channelAxis: number;
  private readonly pair: LayerPair;
  private readonly session: Session;

  private constructor(pair: LayerPair, session: Session) {
    this.pair = pair;
    this.session = session;
    this.channelAxis = countsChannelsFirst(pair.parts.node) ? 1 : -1;
  }

  /** @param opsets Of the model that the layer is from. */
  static async open(
    pair: LayerPair,
    opsets: ReadonlyMap<string, number>,
    createSession: SessionFactory,
  ): Promise<LayerProbe> {
    return new LayerProbe(pair, await createSession(createModel(graphOf(pair, opsets)), { taps: [] }));
  }

  /** The layer's result, computed in float32 from data of any float type; weights are its own when not given. */
  async run(data: Tensor, weights: NumberArray = this.pair.weights): Promise<Tensor> {
    const { shape, bias, parts } = this.pair;
    const { result } = await this.session.run({
      data: data.dtype === 'float32' ? data : float32(toNumbers(data), data.shape),
      weight: float32(weights, shape),
      ...(bias ? { bias: float32(bias, parts.bias?.constant?.shape ?? [bias.length]) } : {}),
    });
    if (!result) throw new Error('a layer has a result');
    return result;
  }

  dispose(): void {
    this.session.dispose();
  }
}

function countsChannelsFirst(node: Node): boolean {
  return Conv.is(node) || ConvTranspose.is(node);
}

function graphOf({ parts, shape }: LayerPair, opsets: ReadonlyMap<string, number>): Graph {
  const { node, data, bias, weightIndex, biasIndex } = parts;
  const graph = new Graph(opsets);
  const inputs = [...node.inputs].fill(undefined);
  inputs[node.inputs.indexOf(data)] = graph.addInput('data', data.type);
  inputs[weightIndex] = graph.addInput('weight', tensorType('float32', shape));
  if (bias) inputs[biasIndex] = graph.addInput('bias', bias.type);
  const result = graph.addValue('result', node.output?.type);
  graph.addNode(node.op, { name: node.name, inputs, outputs: [result], attributes: node.attributes });
  graph.outputs.push(result);
  return graph;
}
