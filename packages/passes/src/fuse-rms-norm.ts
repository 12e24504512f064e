import {
  Div,
  Mul,
  type Node,
  type Pass,
  ReduceMean,
  ReduceMean1,
  RMSNormalization,
  type Value,
} from '@octavo/core/ir';
import { affineRows, rowInput } from './fusing/affine-rows.js';
import { deviation, inverseDeviation } from './fusing/deviation.js';
import { type Fusion, type FusionOptions, fusionPass } from './fusing/fusion.js';
import { ordered, producedBy } from './fusing/operands.js';

/** Turns `x / sqrt(mean(x^2) + epsilon) * gamma` over the last axis into RMSNormalization. */
export function fuseRmsNorm(options: FusionOptions = {}): Pass {
  return fusionPass(
    'fuse-rms-norm',
    { roots: [Div, Mul], marks: [ReduceMean, ReduceMean1] },
    findRmsNorm,
    options,
  );
}

function findRmsNorm(root: Node): Fusion | string | undefined {
  const { output } = root;
  const size = output?.shape?.at(-1);
  if (!output || typeof size !== 'number') return undefined;
  const { inner, gamma, beta, nodes } = affineRows(output, size);
  if (beta) return undefined;
  const core = normalized(inner);
  if (!core) return undefined;
  if (core.x.dtype !== 'float32') return `it normalizes ${core.x.dtype ?? 'an unknown type'}`;
  return {
    parts: [...core.nodes, ...nodes],
    emit: (graph) =>
      graph.emit(
        RMSNormalization,
        { X: core.x, scale: rowInput(graph, gamma, size) },
        { axis: -1, epsilon: core.epsilon },
        { name: root.name },
      ),
  };
}

function normalized(value: Value): { x: Value; epsilon: number; nodes: readonly Node[] } | undefined {
  const division = producedBy(value, Div);
  const product = producedBy(value, Mul);
  const factor = product && ordered(product, (each) => inverseDeviation(each));
  const root = division ? deviation(division.inputs[1]) : factor?.found;
  const x = division ? division.inputs[0] : factor?.other;
  const last = division ?? product;
  return root && last && x && root.of === x
    ? { x, epsilon: root.epsilon, nodes: [...root.nodes, last] }
    : undefined;
}
