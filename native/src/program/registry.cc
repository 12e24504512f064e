#include "program/registry.h"

#include <mutex>
#include <vector>

namespace octavo {
namespace {

struct Entry {
  std::weak_ptr<const Program> program;
  uint32_t generation = 0;
};

struct Registry {
  std::mutex mutex;
  std::vector<Entry> entries;
};

// Never destroyed: threads may outlive static objects when a process exits.
Registry& registry() {
  static Registry& instance = *new Registry;
  return instance;
}

}  // namespace

ProgramToken share_program(const std::shared_ptr<const Program>& program) {
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  size_t id = 0;
  while (id < all.entries.size() && !all.entries[id].program.expired()) {
    const Entry& entry = all.entries[id];
    if (!entry.program.owner_before(program) && !program.owner_before(entry.program)) {
      return {static_cast<uint32_t>(id), entry.generation};
    }
    ++id;
  }
  if (id == all.entries.size()) all.entries.emplace_back();
  all.entries[id].program = program;
  return {static_cast<uint32_t>(id), ++all.entries[id].generation};
}

std::shared_ptr<const Program> open_program(ProgramToken token) {
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  if (token.id >= all.entries.size()) return nullptr;
  const Entry& entry = all.entries[token.id];
  return entry.generation == token.generation ? entry.program.lock() : nullptr;
}

}  // namespace octavo
