// The functions that the addon exports.
#ifndef OCTAVO_NAPI_BINDINGS_H_
#define OCTAVO_NAPI_BINDINGS_H_

#include <napi.h>

namespace octavo::napi {

// version() -> "major.minor.patch"
Napi::Value version(const Napi::CallbackInfo& call);
// isa() -> { detected, active, unknown, gemmKernel, floatKernel, build }, feature names separated by
// spaces
Napi::Value isa(const Napi::CallbackInfo& call);

// packMatrix(data, k, n, kStride, nStride, zeroPoints) -> handle
Napi::Value pack_matrix(const Napi::CallbackInfo& call);
// matmul(packed, lhs, m, lhsStride, lhsZeroPoints, ...epilogue, outStride)
void matmul(const Napi::CallbackInfo& call);

// packConv2d(data, outChannels, groupChannels, kernelH, kernelW, groups, zeroPoints) -> handle
Napi::Value pack_conv2d(const Napi::CallbackInfo& call);
// conv2d(packed, input, geometry, inputZeroPoint, ...epilogue); geometry is an Int32Array of batch,
// height, width, strideH, strideW, dilationH, dilationW, padTop, padLeft, padBottom, padRight,
// inputLayout, outputLayout (0: NCHW, 1: NHWC)
void conv2d(const Napi::CallbackInfo& call);

// packFloatMatrix(data, bfloat16, k, n, kStride, nStride, inBfloat16) -> handle; data is a
// Float32Array, or the bits of 16-bit floats in a Uint16Array (bfloat16 or IEEE); inBfloat16 says
// how products are computed
Napi::Value pack_float_matrix(const Napi::CallbackInfo& call);
// packFloatConv2d(data, bfloat16, outChannels, groupChannels, kernelH, kernelW, groups) -> handle
Napi::Value pack_float_conv2d(const Napi::CallbackInfo& call);

// floatMatmul(packed, lhs, m, lhsStride, bias, residual, residualStride, activation, out,
// outStride, threads); activation is a Float32Array of its number, alpha and beta
void float_matmul(const Napi::CallbackInfo& call);
// floatConv2d(packed, input, geometry, bias, residual, activation, out, threads)
void float_conv2d(const Napi::CallbackInfo& call);

// packBlockMatrix(data, bits, isSigned, k, n, blockSize, kStride, nStride, scales, scaleBlockStride,
// scaleNStride, zeroPoints, zeroPointBlockStride, zeroPointNStride) -> handle; data and zero points
// are bytes of packed numbers, scales a Float32Array or the bits of halves in a Uint16Array
Napi::Value pack_block_matrix(const Napi::CallbackInfo& call);
// blockMatmul(packed, lhs, m, lhsStride, dynamicInt8, bias, residual, residualStride, activation,
// out, outStride, threads)
void block_matmul(const Napi::CallbackInfo& call);

// quantize(in, shape, scales, zeroPoints, out); shape is an Int32Array of outer, channels, inner;
// the kind of `out` is the type: Int8Array, Uint8Array, Int16Array or Uint16Array
void quantize(const Napi::CallbackInfo& call);
// dequantize(in, shape, scales, zeroPoints, out)
void dequantize(const Napi::CallbackInfo& call);
// quantizeRows(in, rows, columns, out, scales, zeroPoints)
void quantize_rows(const Napi::CallbackInfo& call);
// convertFloats(in, bfloat16, out): a Float32Array to the bits of 16-bit floats in a Uint16Array,
// or back
void convert_floats(const Napi::CallbackInfo& call);
// packNibbles(in, out) and unpackNibbles(in, out)
void pack_nibbles(const Napi::CallbackInfo& call);
void unpack_nibbles(const Napi::CallbackInfo& call);

// extent(in, out): the smallest and largest element to a Float32Array; NaN where one is not finite
void extent(const Napi::CallbackInfo& call);
// countBins(in, exponent, first, out) -> number of zeros; `out` is an Int32Array, an element a bin
Napi::Value count_bins(const Napi::CallbackInfo& call);

// opNames() -> string[]: the ops of programs, by number
Napi::Value op_names(const Napi::CallbackInfo& call);
// makeConstant(data) -> handle of a copy
Napi::Value make_constant(const Napi::CallbackInfo& call);
// createProgram(code, slots, arenaBytes, constants, weights, inputBytes, outputBytes, threads,
// metadata) -> handle; see program/program.h
Napi::Value create_program(const Napi::CallbackInfo& call);
// runProgram(program, inputs, outputs, nanoseconds): typed arrays of at least the bytes that the
// program takes and gives; a Float64Array with a place for each op, or undefined
void run_program(const Napi::CallbackInfo& call);
// bindProgram(program, inputs, outputs) -> function that runs it on these arrays
Napi::Value bind_program(const Napi::CallbackInfo& call);
// startProgram(program, inputs, outputs, done) -> function that stops the run. Inputs are copied
// before it returns; outputs are written before done(error or undefined) is called.
Napi::Value start_program(const Napi::CallbackInfo& call);
// shareProgram(program) -> [id, generation]
Napi::Value share_program(const Napi::CallbackInfo& call);
// openProgram(id, generation) -> [handle, metadata], or undefined when nobody holds it any more
Napi::Value open_program(const Napi::CallbackInfo& call);

// threads() -> { threads, spinMicroseconds }
Napi::Value threads(const Napi::CallbackInfo& call);
// setThreads(threads, spinMicroseconds): for the whole process; 0 threads: the physical cores
void set_threads(const Napi::CallbackInfo& call);

// measurePeak(kind, threads, milliseconds) -> { instruction, perSecond }: see octavo/peak.h; the
// instruction is empty where no peak is known
Napi::Value measure_peak(const Napi::CallbackInfo& call);

// release(handle): lets go of packed weights, a constant or a program before it is collected; once
// or more often
void release(const Napi::CallbackInfo& call);

}  // namespace octavo::napi

#endif  // OCTAVO_NAPI_BINDINGS_H_
