// The functions that the addon exports.
#ifndef OCTAVO_NAPI_BINDINGS_H_
#define OCTAVO_NAPI_BINDINGS_H_

#include <napi.h>

namespace octavo::napi {

// version() -> "major.minor.patch"
Napi::Value version(const Napi::CallbackInfo& call);
// isa() -> { detected, active, unknown, gemmKernel }, feature names separated by spaces
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

// release(handle): frees packed weights before they are collected; once or more often
void release(const Napi::CallbackInfo& call);

}  // namespace octavo::napi

#endif  // OCTAVO_NAPI_BINDINGS_H_
