# Kernels written once over vectors (src/vector/tiers.h): each source is compiled once a tier.

set(OCTAVO_TIERED_SOURCES
  src/attention/weigh_kernels.cc
  src/block_gemm/block_kernels.cc
  src/conv/depthwise_rows_kernels.cc
  src/elementwise/binary_kernels.cc
  src/elementwise/unary_kernels.cc
  src/epilogue/epilogue_tail_kernels.cc
  src/float_conv/dot_tile_kernels.cc
  src/float_conv/float_depthwise_kernel.cc
  src/histogram/histogram_kernels.cc
  src/normalize/row_kernels.cc
  src/pool/pool_kernels.cc
  src/quantize/quantize_kernels.cc
  src/quantize/quantized_binary_kernels.cc
  src/recurrent/cell_kernels.cc
)

# Those that have vectors of 64 bytes too.
set(OCTAVO_WIDE_SOURCES
  src/attention/weigh_kernels.cc
  src/quantize/quantize_kernels.cc
)

# octavo_add_tier(target tier source...)
function(octavo_add_tier target tier)
  add_library(${target}_${tier} OBJECT ${ARGN})
  target_include_directories(${target}_${tier} PRIVATE include src)
  set(flags ${OCTAVO_FLAGS_${tier}})
  if(OCTAVO_EMULATE AND tier STREQUAL "x86_avx512")
    set(flags ${OCTAVO_EMULATED_X86_FLAGS})
  endif()
  target_compile_options(${target}_${tier} PRIVATE ${OCTAVO_COMPILE_OPTIONS}
    ${flags} ${OCTAVO_INTRINSICS_WARNINGS})
  target_compile_definitions(${target}_${tier} PRIVATE OCTAVO_TIER=${tier} OCTAVO_${OCTAVO_ARCH})
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_${tier}>)
endfunction()

# The tiers of OCTAVO_WIDE_TIERS in src/vector/tiers.h.
function(octavo_add_tiers target)
  octavo_add_tier(${target} portable ${OCTAVO_TIERED_SOURCES})
  if(OCTAVO_ARCH STREQUAL "X86")
    octavo_add_tier(${target} x86_avx2fma ${OCTAVO_TIERED_SOURCES})
    octavo_add_tier(${target} x86_avx512 ${OCTAVO_WIDE_SOURCES})
  endif()
endfunction()
