import { createModel, inferTypes, type Model, parse } from '@octavo/core/ir';

/** A layer as dynamic INT8 quantization writes it: activations are quantized as they come. */
export function dynamicModel(): Model {
  const graph = parse(`graph layer opset 21 {
    input %x: float32[N, 4]
    const %w: int8[4, 3] = [12, -7, 100, 45, 3, -128, -9, 88, 127, 1, -60, 5]
    const %ws: float32[3] = [0.01, 0.02, 0.005]
    %q, %s, %z = DynamicQuantizeLinear(%x) @quantize
    %sums = MatMulInteger(%q, %w, %z) @multiply
    %real = Cast(%sums) {to=1} @to_float
    %scale = Mul(%s, %ws) @join_scales
    %h = Mul(%real, %scale) @dequantize
    %y = Relu(%h) @clamp
    output %y
  }`);
  inferTypes(graph);
  return createModel(graph);
}
