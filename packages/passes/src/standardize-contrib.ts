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

/** Turns onnxruntime's QuantizeLinear and DequantizeLinear into those of ONNX, which mean the same. */
export const standardizeContrib: Pass = rulePass('standardize-contrib', [quantize, dequantize]);
