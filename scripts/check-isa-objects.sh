#!/usr/bin/env bash
# Usage: check-isa-objects.sh BUILD_DIR
# An object compiled with instruction-set flags must define no weak symbols: the linker could take
# its copy of an inline function for everybody's, and an older CPU would crash in the baseline path.
set -euo pipefail

build="$1"
mapfile -t objects < <(find "$build" -name '*_x86_*.cc.o' -o -name '*_arm64_*.cc.o' | sort)
if [ "${#objects[@]}" -eq 0 ]; then
  echo "no objects with instruction-set flags in $build"
  exit 0
fi
failed=0
for object in "${objects[@]}"; do
  symbols="$(nm --demangle --defined-only "$object")"
  weak="$(grep -E '^[0-9a-f]* [uvVwW] ' <<<"$symbols" || true)"
  if [ -n "$weak" ]; then
    printf '%s defines weak symbols:\n%s\n' "$object" "$weak" >&2
    failed=1
  fi
done
[ "$failed" -eq 0 ] && echo "no weak symbols in ${#objects[@]} objects with instruction-set flags"
exit "$failed"
