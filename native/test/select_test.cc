#include "gemm/select.h"

#include <gtest/gtest.h>

#include <string>

#include "epilogue/select_epilogue.h"

namespace octavo {
namespace {

TEST(Select, TheScalarKernelServesHardwareWithoutFeatures) {
  EXPECT_STREQ(select_microkernel(isa::scalar).name, "gemm_u8s8s32_scalar");
}

TEST(Select, EveryKernelIsPickedOnHardwareThatHasJustItsFeatures) {
  for (const Microkernel& kernel : microkernels()) {
    EXPECT_STREQ(select_microkernel(kernel.isa).name, kernel.name);
  }
}

TEST(Select, EveryKernelReadsTheLayoutThatItAsksFor) {
  for (const Microkernel& kernel : microkernels()) {
    const Microkernel* found = select_microkernel_for(kernel.layout, kernel.isa);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->layout, kernel.layout);
  }
}

TEST(Select, NoKernelReadsALayoutThatTheTableDoesNotHave) {
  EXPECT_EQ(select_microkernel_for(PackedLayout{7, 7, 3}, active_isa()), nullptr);
}

#ifdef OCTAVO_X86
TEST(Select, Avx512WithoutVnniDoesNotPickTheVnniKernel) {
  EXPECT_STRNE(select_microkernel(isa::avx512).name, "gemm_u8s8s32_x86_avx512vnni");
  EXPECT_STREQ(select_microkernel(isa::avx512_vnni).name, "gemm_u8s8s32_x86_avx512vnni");
}
#endif

TEST(Select, VnniAloneIsNotEnoughForAKernelBuiltWithAllOfAvx512) {
  EXPECT_STREQ(select_microkernel(isa::avx512vnni).name, "gemm_u8s8s32_scalar");
}

TEST(Select, EveryKindOfOutputHasAnEpilogueOnAnyHardware) {
  for (EpilogueKind kind :
       {EpilogueKind::s32, EpilogueKind::f32, EpilogueKind::q8, EpilogueKind::q8_tail}) {
    EXPECT_EQ(select_epilogue(kind, isa::scalar).kind, kind);
    EXPECT_TRUE(select_epilogue(kind, isa::scalar).isa.empty());
  }
}

}  // namespace
}  // namespace octavo
