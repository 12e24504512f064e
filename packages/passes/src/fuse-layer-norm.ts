import { Add, Div, LayerNormalization, Mul, type Node, type Pass, Sub, type Value } from '@octavo/core/ir';
import { affineRows, isRow, rowInput } from './fusing/affine-rows.js';
import { centered, deviation, inverseDeviation } from './fusing/deviation.js';
import { type Fusion, type FusionOptions, fusionPass } from './fusing/fusion.js';
import { ordered, producedBy } from './fusing/operands.js';

/**
 * Turns `(x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * gamma + beta` over the last axis into
 * LayerNormalization; so too TensorFlow's spelling `x k + (beta - mean(x) k)` with `k = gamma / sqrt(...)`.
 */
export function fuseLayerNorm(options: FusionOptions = {}): Pass {
  const find = (root: Node) => findPlain(root) ?? findScaled(root);
  const ops = {
    roots: [Add, Div, Mul],
    marks: [Sub],
    // In every spelling the mean is subtracted.
    isMark: ({ output }: Node) => centered(output) !== undefined,
  };
  return fusionPass('fuse-layer-norm', ops, find, options);
}

/** What is normalized, and the nodes that do it. */
interface Normalized {
  readonly x: Value;
  readonly epsilon: number;
  readonly nodes: readonly Node[];
}

function findPlain(root: Node): Fusion | string | undefined {
  const { output } = root;
  const size = output?.shape?.at(-1);
  if (!output || typeof size !== 'number') return undefined;
  const { inner, gamma, beta, nodes } = affineRows(output, size);
  const core = normalized(inner);
  return core && layerNorm(root, core, { gamma, beta, size, nodes });
}

/** `centered / deviation` or `centered * inverse deviation` */
function normalized(value: Value): Normalized | undefined {
  const division = producedBy(value, Div);
  const product = producedBy(value, Mul);
  const factor = product && ordered(product, (each) => inverseDeviation(each));
  const root = division ? deviation(division.inputs[1]) : factor?.found;
  const dividend = division ? division.inputs[0] : factor?.other;
  const last = division ?? product;
  const outer = centered(dividend);
  const inner = centered(root?.of);
  if (!root || !last || !outer || !inner || outer.x !== inner.x) return undefined;
  return {
    x: outer.x,
    epsilon: root.epsilon,
    nodes: [...outer.nodes, ...inner.nodes, ...root.nodes, last],
  };
}

/** `x k + (beta - mean k)`, `k = inverse deviation * gamma` */
function findScaled(root: Node): Fusion | string | undefined {
  const size = root.output?.shape?.at(-1);
  if (!Add.is(root) || typeof size !== 'number') return undefined;
  const sum = ordered(root, (each) => producedBy(each, Sub));
  const shift = sum?.found;
  const [beta, offset] = shift?.inputs ?? [];
  const scaled = producedBy(sum?.other, Mul);
  const scaledMean = producedBy(offset, Mul);
  const gain = scaled && ordered(scaled, (each) => gainOf(each, size));
  if (!shift || !scaled || !scaledMean || !gain || !isRow(beta, size)) return undefined;
  const { k, inverse, gamma, nodes } = gain.found;
  const core = centered(inverse.of);
  if (
    core?.x !== gain.other ||
    ordered(scaledMean, (each) => (each === k ? each : undefined))?.other !== core.mean
  )
    return undefined;
  const parts = [...core.nodes, ...inverse.nodes, ...nodes, scaled, scaledMean, shift];
  return layerNorm(
    root,
    { x: core.x, epsilon: inverse.epsilon, nodes: parts },
    { gamma, beta, size, nodes: [root] },
  );
}

function gainOf(value: Value, size: number) {
  const node = producedBy(value, Mul);
  const product = ordered(node, (each) => (isRow(each, size) ? each : undefined));
  const inverse = inverseDeviation(product?.other);
  return node && product && inverse ? { k: value, gamma: product.found, inverse, nodes: [node] } : undefined;
}

function layerNorm(
  root: Node,
  { x, epsilon, nodes }: Normalized,
  rows: { gamma: Value | undefined; beta: Value | undefined; size: number; nodes: readonly Node[] },
): Fusion | string {
  if (x.dtype !== 'float32') return `it normalizes ${x.dtype ?? 'an unknown type'}`;
  const { gamma, beta, size } = rows;
  return {
    parts: [...nodes, ...rows.nodes],
    emit: (graph) =>
      graph.emit(
        LayerNormalization,
        {
          X: x,
          Scale: rowInput(graph, gamma, size),
          ...(beta ? { B: rowInput(graph, beta, size) } : {}),
        },
        { axis: -1, epsilon },
        { name: root.name },
      ),
  };
}
