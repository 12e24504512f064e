#!/usr/bin/env bash
# Usage: check-isa-objects.sh BUILD_DIR
# Checks the objects compiled with instruction-set flags:
# - They define no weak symbols: the linker could take their copy of an inline function for
#   everybody's, and an older CPU would crash in the baseline path.
# - They keep vectors in registers: a kernel that spills runs at half its speed. (Not asked of kernels
#   written once for all tiers, which end their arrays through a vector in memory.)
set -euo pipefail

build="$1"
failed=0

complain() {
  echo "$1" >&2
  failed=1
}

mapfile -t objects < <(find "$build" -path '*_x86_*.cc.o' -o -path '*_arm64_*.cc.o' | sort)
for object in "${objects[@]}"; do
  symbols="$(nm --demangle --defined-only "$object")"
  weak="$(grep -E '^[0-9a-f]* [uvVwW] ' <<<"$symbols" || true)"
  [ -z "$weak" ] || complain "$object defines weak symbols:"$'\n'"$weak"
  case "${object##*/}" in
    *_x86_*)
      disassembler=objdump
      # Below a frame pointer or around the stack pointer; rbp may also be any other pointer.
      stack='(\(%rsp\)|-0x[0-9a-f]+\(%rbp\))'
      spill="$stack.*[xyz]mm|[xyz]mm.*$stack"
      ;;
    *_arm64_*)
      disassembler="$(command -v aarch64-linux-gnu-objdump || echo objdump)"
      # What a caller's registers are saved by names their lower halves, d8 to d15. x29 is the frame
      # pointer.
      spill='(ldu?r|stu?r|ldp|stp)[[:space:]]+q[^[]*\[(sp|x29)'
      ;;
    *) continue ;;
  esac
  code="$("$disassembler" --disassemble --no-show-raw-insn "$object")"
  spills="$(grep -E "$spill" <<<"$code" || true)"
  [ -z "$spills" ] || complain "$object spills vectors: $(wc -l <<<"$spills") times"
done
[ "$failed" -eq 0 ] && echo "no weak symbols and no spills in ${#objects[@]} objects"
exit "$failed"
