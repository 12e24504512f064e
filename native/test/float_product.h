// Dense rows times packed float weights.
#ifndef OCTAVO_TEST_FLOAT_PRODUCT_H_
#define OCTAVO_TEST_FLOAT_PRODUCT_H_

#include <vector>

#include "float_gemm/float_gemm.h"
#include "float_gemm/pack_float.h"

namespace octavo::test {

inline std::vector<float> product(const std::vector<float>& lhs, const PackedFloat& rhs,
                                  uint32_t threads) {
  std::vector<float> out(lhs.size() / rhs.k * rhs.n);
  octavo_float_matmul_args args{};
  args.lhs = lhs.data();
  args.m = lhs.size() / rhs.k;
  args.lhs_stride = rhs.k;
  args.lhs_k_stride = 1;
  args.out = out.data();
  args.out_stride = rhs.n;
  args.threads = threads;
  float_gemm(args, rhs);
  return out;
}

}  // namespace octavo::test

#endif  // OCTAVO_TEST_FLOAT_PRODUCT_H_
