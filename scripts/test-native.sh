#!/usr/bin/env bash
# Builds native/ with each compiler found, runs its tests on each instruction-set tier, checks the
# objects, emulates the x86 tiers that the machine lacks and arm64, runs what uses threads under the
# thread sanitizer, and all tests once more under the address and undefined-behaviour sanitizers.
# Says what is missing and succeeds where the machine cannot build C++.
set -euo pipefail
cd "$(dirname "$0")/.."
unset OCTAVO_ISA

# Besides the best of the machine, which runs unrestricted.
case "$(uname -m)" in
  arm64 | aarch64) tiers='scalar;neon;dotprod;i8mm' ;;
  *) tiers='scalar;avx2;avxvnni;avx512vnni' ;;
esac
jobs="$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)"

skip() {
  echo "native tests skipped: $1"
  exit 0
}

first_command() {
  for name in "$@"; do
    if command -v "$name" >/dev/null; then
      echo "$name"
      return
    fi
  done
}

# configure_and_build DIR COMPILER [OPTION...]
configure_and_build() {
  local build="$1" compiler="$2"
  shift 2
  echo "building $build with $compiler (after $SECONDS s)"
  quietly cmake -S native -B "$build" -DCMAKE_CXX_COMPILER="$compiler" "$@"
  quietly cmake --build "$build" --parallel "$jobs"
}

quietly() {
  local output
  output="$("$@" 2>&1)" || {
    echo "$output" >&2
    return 1
  }
}

# On all tiers, and restricted to each that the build names.
run_tests() {
  echo "testing $1 (after $SECONDS s)"
  ctest --test-dir "$1" --output-on-failure --no-tests=error --parallel "$jobs"
}

# The checks read ELF objects through binutils.
check_objects() {
  [ "$(uname)" = Linux ] || return 0
  bash scripts/check-isa-objects.sh "$1"
}

# can_sanitize COMPILER SANITIZERS
can_sanitize() {
  echo 'int main() { return 0; }' | "$1" -x c++ - -fsanitize="$2" -o /dev/null 2>/dev/null
}

command -v cmake >/dev/null || skip "no cmake"
gcc="$(first_command g++ g++-14 g++-13 g++-12)"
clang="$(first_command clang++ clang++-20 clang++-19 clang++-18 clang++-17 clang++-16)"
compilers=($gcc $clang)
[ "${#compilers[@]}" -gt 0 ] || skip "no C++ compiler"
if [ ! -d /usr/include/gtest ] && [ -z "${GTest_DIR:-}" ]; then
  [ "${CI:-}" != true ] || { echo "GoogleTest is required in CI: install libgtest-dev" >&2; exit 1; }
  skip "no GoogleTest (Debian: libgtest-dev)"
fi

for compiler in "${compilers[@]}"; do
  build="native/build-test-${compiler//+/x}"
  configure_and_build "$build" "$compiler" -DOCTAVO_TEST_TIERS="$tiers"
  run_tests "$build"
  check_objects "$build"
done

# The x86 tiers that this machine lacks, by SIMDe.
test_emulated() {
  [ "$(uname -m)" = x86_64 ] || return 0
  if [ -z "$gcc" ] || [ ! -d /usr/include/simde ]; then
    echo "emulated x86 tiers skipped: needs g++ and SIMDe (Debian: libsimde-dev)"
    return
  fi
  # The tests know what the operating system lets the CPU do.
  local found
  found="$("native/build-test-${gcc//+/x}/test/octavo_tests" --gtest_filter='*EveryMicrokernel.Returns*')"
  local build=native/build-test-emulate
  local options=(-DOCTAVO_EMULATE=ON -DOCTAVO_BUILD_BENCH=OFF)
  if [[ $found != *SKIPPED* ]]; then
    echo "emulated x86 tiers built, not run: this CPU has them all"
    configure_and_build "$build" "$gcc" "${options[@]}" -DOCTAVO_BUILD_TESTS=OFF
    return
  fi
  configure_and_build "$build" "$gcc" "${options[@]}" \
    -DOCTAVO_TEST_TIERS='avxvnni;avx512;avx512vnni'
  run_tests "$build"
}

# on_emulated EMULATOR CPU TESTS
on_emulated() {
  quietly "$1" -cpu "$2" "$3" --gtest_brief=1 && echo "passed on emulated arm64 $2"
}
export -f quietly on_emulated

test_arm64() {
  local cross=aarch64-linux-gnu-g++ emulator build=native/build-test-arm64
  emulator="$(first_command qemu-aarch64-static qemu-aarch64)"
  if ! command -v $cross >/dev/null || [ -z "$emulator" ] || [ ! -d /usr/src/googletest ]; then
    echo "arm64 skipped: needs $cross, qemu-aarch64 and GoogleTest's sources"
    return
  fi
  configure_and_build "$build" $cross -DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc \
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_EXE_LINKER_FLAGS=-static \
    -DOCTAVO_BUILD_BENCH=OFF -DBUILD_GMOCK=OFF
  printf '%s\n' cortex-a72 neoverse-n1 max |
    xargs -P "$jobs" -I '{}' bash -c 'on_emulated "$@"' _ "$emulator" '{}' "$build/test/octavo_tests"
  check_objects "$build"
}

test_emulated
test_arm64

test_threads() {
  local build=native/build-sanitize-threads compiler
  for compiler in "${compilers[@]}"; do
    can_sanitize "$compiler" thread || continue
    configure_and_build "$build" "$compiler" -DCMAKE_BUILD_TYPE=Debug \
      -DOCTAVO_SANITIZE_THREADS=ON -DOCTAVO_BUILD_BENCH=OFF
    run_tests "$build"
    return
  done
  echo "thread sanitizer skipped: no compiler here links it"
}

test_threads

for compiler in "${compilers[@]}"; do
  can_sanitize "$compiler" address,undefined || continue
  configure_and_build native/build-sanitize "$compiler" -DCMAKE_BUILD_TYPE=Debug \
    -DOCTAVO_SANITIZE=ON -DOCTAVO_BUILD_BENCH=OFF -DOCTAVO_TEST_TIERS=scalar
  run_tests native/build-sanitize
  exit 0
done
echo "sanitizers skipped: no compiler here links them"
