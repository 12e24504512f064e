// Which epilogue runs, as a function of the hardware and of the output.
#ifndef OCTAVO_SRC_EPILOGUE_SELECT_EPILOGUE_H_
#define OCTAVO_SRC_EPILOGUE_SELECT_EPILOGUE_H_

#include "cpu/isa.h"
#include "epilogue/epilogue.h"

namespace octavo {

// One line of epilogues.inc.
struct EpilogueEntry {
  const char* name;
  IsaSet isa;
  EpilogueKind kind;
  EpilogueFn run;
};

struct EpilogueTable {
  const EpilogueEntry* begin_;
  const EpilogueEntry* end_;
  const EpilogueEntry* begin() const { return begin_; }
  const EpilogueEntry* end() const { return end_; }
};

EpilogueTable epilogues();

// Each kind has a line that requires nothing, so there always is one.
const EpilogueEntry& select_epilogue(EpilogueKind kind, IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_EPILOGUE_SELECT_EPILOGUE_H_
