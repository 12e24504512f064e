// The one word for functions that must not be calls, in files that are compiled for one instruction
// set and may define no inline functions of their own.
#ifndef OCTAVO_SRC_BASE_ALWAYS_INLINE_H_
#define OCTAVO_SRC_BASE_ALWAYS_INLINE_H_

#define OCTAVO_ALWAYS_INLINE __attribute__((always_inline)) inline

#endif  // OCTAVO_SRC_BASE_ALWAYS_INLINE_H_
