// 4 outputs by 64 channels in 16 of the 32 registers.
#include "float_conv/float_depthwise_loop.h"
#include "float_gemm/kernels/float_zmm.h"

#if !defined(__AVX512F__)
#error "compile this file with AVX-512"
#endif

namespace octavo {
namespace {

void run(const DepthwiseSpan& span) { run_depthwise_span<Zmm, 16>(span); }

}  // namespace

const FloatDepthwiseKernels float_depthwise_x86_avx512 = {run};

}  // namespace octavo
