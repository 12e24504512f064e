import type { Graph } from '@octavo/core/ir';
import type { HalfFormat } from './half-constants.js';

/** Opsets in which ops took bfloat16, where that is later than 13 (ONNX operator changelog). */
const BFLOAT16_SINCE: ReadonlyMap<number, readonly string[]> = new Map([
  [14, ['BatchNormalization', 'CumSum', 'Identity', 'Relu']],
  [
    16,
    ['GreaterOrEqual', 'LeakyRelu', 'LessOrEqual', 'Loop', 'PRelu', 'Where', 'If', 'Scan', 'ScatterElements'],
  ],
  [
    22,
    [
      ...[
        'Acos',
        'Acosh',
        'Asin',
        'Asinh',
        'Atan',
        'Atanh',
        'Cos',
        'Cosh',
        'Sin',
        'Sinh',
        'Tan',
        'Round',
        'Det',
      ],
      ...[
        'AveragePool',
        'GlobalAveragePool',
        'GlobalLpPool',
        'GlobalMaxPool',
        'LpPool',
        'MaxPool',
        'MaxUnpool',
      ],
      ...[
        'Conv',
        'ConvTranspose',
        'DeformConv',
        'GRU',
        'LSTM',
        'RNN',
        'InstanceNormalization',
        'LpNormalization',
      ],
      ...[
        'Elu',
        'HardSigmoid',
        'HardSwish',
        'Mish',
        'Selu',
        'Softplus',
        'Softsign',
        'ThresholdedRelu',
        'Dropout',
      ],
    ],
  ],
]);

/** The least opset in which every op of a graph and its subgraphs takes a format. */
export function halfOpset(graph: Graph, format: HalfFormat): number {
  return format.dtype === 'float16' ? 1 : bfloat16Opset(graph);
}

function bfloat16Opset(graph: Graph): number {
  const needed = graph.nodes.flatMap((node) => [
    ...node.subgraphs.map((inner) => bfloat16Opset(inner.graph)),
    ...[...BFLOAT16_SINCE].map(([since, ops]) =>
      node.op.domain === '' && ops.includes(node.op.name) ? since : 13,
    ),
  ]);
  return Math.max(13, ...needed);
}
