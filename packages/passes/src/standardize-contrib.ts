import {
  DequantizeLinear,
  defineRule,
  MicrosoftDequantizeLinear,
  MicrosoftQuantizeLinear,
  match,
  type Pass,
  QuantizeLinear,
  rulePass,
  supersede,
} from '@octavo/core/ir';
import { standardizeFused } from './standardize-fused.js';

const quantize = defineRule({
  name: 'standardize-quantize',
  pattern: match.op(MicrosoftQuantizeLinear),
  rewrite(_, graph, node) {
    const inputs = MicrosoftQuantizeLinear.inputs(node);
    const attributes = MicrosoftQuantizeLinear.attributes(node);
    const fresh = graph.emit(QuantizeLinear, inputs, attributes, { name: node.name });
    if (node.output && fresh.output) supersede(graph, node.output, fresh.output);
  },
});

const dequantize = defineRule({
  name: 'standardize-dequantize',
  pattern: match.op(MicrosoftDequantizeLinear),
  rewrite(_, graph, node) {
    const inputs = MicrosoftDequantizeLinear.inputs(node);
    const attributes = MicrosoftDequantizeLinear.attributes(node);
    const fresh = graph.emit(DequantizeLinear, inputs, attributes, { name: node.name });
    if (node.output && fresh.output) supersede(graph, node.output, fresh.output);
  },
});

/**
 * Turns ops of onnxruntime into those of ONNX that mean the same: its QuantizeLinear and DequantizeLinear, and sums that it
 * fused into activations and normalizations, for which backends have kernels and fusions of their own.
 */
export const standardizeContrib: Pass = rulePass('standardize-contrib', [
  quantize,
  dequantize,
  ...standardizeFused,
]);
