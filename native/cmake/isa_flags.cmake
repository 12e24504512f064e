# The compiler flags of each instruction-set suffix: sources named *_<arch>_<isa>.cc get them.

set(OCTAVO_FLAGS_x86_avx2 -mavx2)
set(OCTAVO_FLAGS_x86_avx2fma -mavx2 -mfma -mf16c)
set(OCTAVO_FLAGS_x86_avxvnni -mavx2 -mavxvnni)
set(OCTAVO_FLAGS_x86_avx512 -mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512dq -mavx512vl)
set(OCTAVO_FLAGS_x86_avx512vbmi ${OCTAVO_FLAGS_x86_avx512} -mavx512vbmi)
set(OCTAVO_FLAGS_x86_avx512vnni ${OCTAVO_FLAGS_x86_avx512} -mavx512vnni)
set(OCTAVO_FLAGS_x86_avx512bf16 ${OCTAVO_FLAGS_x86_avx512} -mavx512bf16)
set(OCTAVO_FLAGS_x86_amxint8 ${OCTAVO_FLAGS_x86_avx512vnni} -mamx-tile -mamx-int8)
set(OCTAVO_FLAGS_arm64_neon -march=armv8-a)
set(OCTAVO_FLAGS_arm64_dotprod -march=armv8.2-a+dotprod)
set(OCTAVO_FLAGS_arm64_i8mm -march=armv8.2-a+dotprod+i8mm)

# OCTAVO_EMULATE replaces what is above AVX2 by loops over its lanes, so that any machine with AVX2
# can test it. (See emulation/immintrin.h.)
set(OCTAVO_EMULATED_X86_FLAGS -mavx2 -mfma -mf16c -Wno-psabi
  -isystem${CMAKE_CURRENT_SOURCE_DIR}/emulation)

# gcc 12 warns about the deliberately undefined vectors within its own intrinsics headers.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  set(OCTAVO_INTRINSICS_WARNINGS -Wno-uninitialized -Wno-maybe-uninitialized)
endif()

# Gives each source the flags its name asks for, and refuses a name that no line above knows.
function(octavo_set_isa_flags)
  foreach(source IN LISTS ARGN)
    string(REGEX MATCH "_((x86|arm64)_[a-z0-9]+)\\.cc$" matched ${source})
    if(NOT DEFINED OCTAVO_FLAGS_${CMAKE_MATCH_1})
      message(FATAL_ERROR "${source}: add OCTAVO_FLAGS_${CMAKE_MATCH_1} to cmake/isa_flags.cmake")
    endif()
    set(flags ${OCTAVO_FLAGS_${CMAKE_MATCH_1}})
    if(OCTAVO_EMULATE AND CMAKE_MATCH_1 MATCHES "^x86_(avxvnni|avx512|amx)")
      set(flags ${OCTAVO_EMULATED_X86_FLAGS})
    endif()
    set_source_files_properties(${source} PROPERTIES
      COMPILE_OPTIONS "${flags};${OCTAVO_INTRINSICS_WARNINGS}")
  endforeach()
endfunction()
