import type { ConformanceCase } from '../conformance-case.js';
import { graphText, quantizedText } from './graph-text.js';

const ACTIVATION = (shape: string) => quantizedText('uint8', shape, 0.04, 113);
const LIKE = ACTIVATION('*');

interface MovementSpec {
  readonly what: string;
  /** Shape of x. */
  readonly shape: string;
  readonly constants?: readonly string[];
  readonly node: string;
}

const SPECS: readonly MovementSpec[] = [
  {
    what: 'MaxPool with pads and strides',
    shape: '2, 3, 7, 6',
    node: 'MaxPool(%x) {kernel_shape=[3, 2], pads=[1, 0, 1, 1], strides=[2, 2]}',
  },
  { what: 'GlobalMaxPool', shape: '2, 3, 4, 5', node: 'GlobalMaxPool(%x)' },
  {
    what: 'AveragePool',
    shape: '1, 3, 6, 6',
    node: 'AveragePool(%x) {kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]}',
  },
  { what: 'GlobalAveragePool', shape: '2, 5, 4, 4', node: 'GlobalAveragePool(%x)' },
  { what: 'Reshape', shape: '2, 3, 4', constants: ['const %s: int64[2] = [0, -1]'], node: 'Reshape(%x, %s)' },
  { what: 'Transpose', shape: '2, 3, 4', node: 'Transpose(%x) {perm=[2, 0, 1]}' },
  { what: 'Flatten', shape: '2, 3, 4', node: 'Flatten(%x)' },
  {
    what: 'Slice',
    shape: '5, 6',
    constants: [
      'const %from: int64[2] = [4, 0]',
      'const %to: int64[2] = [-100, 5]',
      'const %axes: int64[2] = [0, 1]',
      'const %steps: int64[2] = [-2, 2]',
    ],
    node: 'Slice(%x, %from, %to, %axes, %steps)',
  },
  {
    what: 'Gather',
    shape: '5, 6',
    constants: ['const %i: int64[3] = [4, -5, 2]'],
    node: 'Gather(%x, %i) {axis=0}',
  },
  { what: 'Concat with itself', shape: '2, 3', node: 'Concat(%x, %x) {axis=1}' },
  {
    what: 'Unsqueeze',
    shape: '2, 3',
    constants: ['const %axes: int64[2] = [0, 3]'],
    node: 'Unsqueeze(%x, %axes)',
  },
];

/** Pools and data movement between equal qparams: the latter moves integers. */
export const movementCases: readonly ConformanceCase[] = SPECS.map(
  ({ what, shape, constants = [], node }) => ({
    name: `quantized ${what}`,
    graph: graphText(`input %x: ${ACTIVATION(shape)}`, ...constants, `%y: ${LIKE} = ${node}`, 'output %y'),
  }),
);
