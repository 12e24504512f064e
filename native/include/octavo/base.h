/// Status codes, element types, and what this library and this CPU are.
#ifndef OCTAVO_BASE_H_
#define OCTAVO_BASE_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum octavo_status {
  OCTAVO_OK = 0,
  OCTAVO_INVALID_ARGUMENT = 1,
  OCTAVO_OUT_OF_MEMORY = 2
} octavo_status;

/// An integer rather than an enum, so that a value that is none of these can be refused.
typedef int32_t octavo_type;
enum {
  OCTAVO_S8 = 0,
  OCTAVO_U8 = 1,
  OCTAVO_S32 = 2,
  OCTAVO_F32 = 3,
  OCTAVO_F16 = 4,
  OCTAVO_BF16 = 5,
  OCTAVO_S16 = 6,
  OCTAVO_U16 = 7
};

typedef int32_t octavo_layout;
enum { OCTAVO_NCHW = 0, OCTAVO_NHWC = 1 };

/// What the last failed call on this thread objected to: "argument: expected ..., found ...".
const char* octavo_last_error(void);

/// The version of this library, "major.minor.patch".
const char* octavo_version(void);

/// The compiler that built this library, and its flags.
const char* octavo_build(void);

/// Space-separated instruction-set features of this CPU that the operating system also supports.
const char* octavo_detected_isa(void);
/// The features in use: the detected ones, restricted by the environment variable OCTAVO_ISA
/// (comma-separated names; each brings what it implies; "scalar" allows none).
const char* octavo_active_isa(void);
/// Space-separated names in OCTAVO_ISA that are not features; empty when all are known.
const char* octavo_unknown_isa(void);
/// The name of the microkernel that weights packed now will run on.
const char* octavo_gemm_kernel(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OCTAVO_BASE_H_ */
