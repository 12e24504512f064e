import { Gather, type Graph, type Node } from '@octavo/core/ir';
import type { Granularity } from '@octavo/core/quant';
import type { NumberArray } from '@octavo/core/tensor';
import type { ComputeParts } from '../compute-ops.js';
import { loadWeights } from '../load-weights.js';
import { storedWeightNodes } from '../stored-weights.js';
import { roundNumbers } from './layer-noise.js';
import type { TapObserver, Tapped } from './observe-taps.js';
import type { Bits } from './sensitivity.js';

/** Bits that rows of an embedding can be kept in; blocks of 32 share a scale below 8. */
const ROW_BITS: readonly Bits[] = [8, 4];
const BLOCK_SIZE = 32;

/** What recurrent layers are kept in, whose errors add up. */
const RECURRENT_BITS: readonly Bits[] = [8];

/** A weight seen as rows and columns, with how much each adds to what the node makes of it. */
interface UsedWeight {
  readonly parts: ComputeParts;
  readonly weights: Float32Array;
  readonly shape: readonly number[];
  /** Share of the reads that each row has; undefined where every row is used alike. */
  readonly rowReads: Float64Array | undefined;
  /** Mean square of what each column is multiplied by; undefined, 1, where rows are only read or hidden states not given. */
  readonly columnPower: Float64Array | undefined;
}

/** A node whose weights are kept in integers while it computes in float: LSTM, GRU, RNN, or an embedding (Gather). */
export interface StoredStatistics {
  readonly kind: 'stored';
  readonly node: Node;
  readonly bits: readonly Bits[];
  readonly weights: readonly UsedWeight[];
  readonly isSeen: boolean;
}

/** The numbers that a weight's integers stand for, as quantizing keeps them: a scale for each row, or for blocks of it. */
export function roundStored({ weights, shape, parts }: UsedWeight, bits: Bits): NumberArray {
  const granularity: Granularity =
    bits === 4
      ? { kind: 'per-block', axis: 1 - parts.channelAxis, blockSize: BLOCK_SIZE }
      : { kind: 'per-axis', axis: parts.channelAxis };
  return roundNumbers(weights, shape, bits, granularity);
}

/**
 * Mean square of what comes of a weight's elements: of the rows that an embedding reads, or of what the gates of a recurrent
 * layer add up, before their activation functions.
 * @param squares Squared weights, or squared errors of weights, in the weight's order.
 */
export function meanStoredSquare(
  { shape, rowReads, columnPower }: UsedWeight,
  squares: (index: number) => number,
): number {
  const columns = shape.at(-1) ?? 1;
  const rows = shape.reduce((product, size) => product * size, 1) / columns;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const share = rowReads ? (rowReads[row] ?? 0) / columns : 1 / rows;
    if (share === 0) continue;
    for (let column = 0; column < columns; column++)
      sum += share * (columnPower?.[column] ?? 1) * squares(row * columns + column);
  }
  return sum;
}

/** Starts gathering what the nodes of a prepared graph with stored weights read. */
export function startStoredGatherers(graph: Graph): Promise<StoredGatherer[]> {
  return Promise.all(
    storedWeightNodes(graph).map(async ({ node, parts }) => {
      const weights = await Promise.all(parts.map(({ weight }) => loadWeights(weight.constant)));
      return new StoredGatherer(
        node,
        parts.map((each, i) => ({ parts: each, weights: weights[i]?.data ?? new Float32Array(0) })),
      );
    }),
  );
}

type LoadedWeight = Pick<UsedWeight, 'parts' | 'weights'>;

/** Collects which rows of an embedding are read, or the power of the inputs and states of a recurrent layer. */
class StoredGatherer implements TapObserver {
  readonly taps: readonly string[];
  private readonly node: Node;
  private readonly weights: readonly LoadedWeight[];
  private readonly input: string;
  private readonly sums = new Map<string, { readonly totals: Float64Array; count: number }>();

  constructor(node: Node, weights: readonly LoadedWeight[]) {
    this.node = node;
    this.weights = weights;
    this.input = weights[0]?.parts.data.name ?? '';
    this.taps = Gather.is(node) || this.states === undefined ? [this.input] : [this.input, this.states];
  }

  /** Every hidden state of a recurrent layer, or the last; undefined where it gives none. A cell state is no such: nothing bounds it. */
  private get states(): string | undefined {
    const [all, last] = this.node.outputs;
    return (all ?? last)?.name;
  }

  see({ name, values }: Tapped): void {
    if (Gather.is(this.node)) this.countRows(values);
    else this.addSquares(name, values, this.columnsOf(name));
  }

  private columnsOf(name: string): number {
    const index = name === this.input ? 1 : 2;
    return this.node.inputs[index]?.constant?.shape.at(-1) ?? 1;
  }

  private countRows(indices: NumberArray): void {
    const [rows = 0] = this.weights[0]?.parts.weight.constant?.shape ?? [];
    const sum = this.sums.get(this.input) ?? { totals: new Float64Array(rows), count: 0 };
    for (let i = 0; i < indices.length; i++) {
      const index = Number(indices[i]);
      const row = index < 0 ? index + rows : index;
      sum.totals[row] = (sum.totals[row] ?? 0) + 1;
    }
    sum.count += indices.length;
    this.sums.set(this.input, sum);
  }

  private addSquares(name: string, values: NumberArray, columns: number): void {
    const sum = this.sums.get(name) ?? { totals: new Float64Array(columns), count: 0 };
    for (let i = 0; i < values.length; i++) {
      const column = i % columns;
      sum.totals[column] = (sum.totals[column] ?? 0) + (values[i] ?? 0) ** 2;
    }
    sum.count += values.length / columns;
    this.sums.set(name, sum);
  }

  statistics(): StoredStatistics {
    const isEmbedding = Gather.is(this.node);
    const meanOf = (name: string | undefined): Float64Array | undefined => {
      const sum = name === undefined ? undefined : this.sums.get(name);
      return sum?.totals.map((total) => total / Math.max(1, sum.count));
    };
    return {
      kind: 'stored',
      node: this.node,
      bits: isEmbedding ? ROW_BITS : RECURRENT_BITS,
      isSeen: (this.sums.get(this.input)?.count ?? 0) > 0,
      weights: this.weights.map(({ parts, weights }) => ({
        parts,
        weights,
        shape: parts.weight.constant?.shape ?? [],
        rowReads: isEmbedding ? meanOf(this.input) : undefined,
        columnPower: isEmbedding ? undefined : meanOf(parts.weightIndex === 1 ? this.input : this.states),
      })),
    };
  }
}
