#include "epilogue/select_epilogue.h"

namespace octavo {
namespace {

constexpr EpilogueEntry kTable[] = {
#define OCTAVO_EPILOGUE(isa, kind, name) {#name, isa, EpilogueKind::kind, name},
#include "epilogue/epilogues.inc"
#undef OCTAVO_EPILOGUE
};

}  // namespace

EpilogueTable epilogues() { return {kTable, kTable + sizeof(kTable) / sizeof(kTable[0])}; }

const EpilogueEntry& select_epilogue(EpilogueKind kind, IsaSet available) {
  const EpilogueEntry* candidate = kTable;
  while (candidate->kind != kind || !available.contains(candidate->isa)) ++candidate;
  return *candidate;
}

}  // namespace octavo
