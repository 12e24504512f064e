#include "cpu/isa.h"

#include <cstdlib>

namespace octavo {
namespace {

struct Feature {
  std::string_view name;
  IsaSet set;
  IsaSet implies;
};

constexpr Feature kFeatures[] = {
#define OCTAVO_FEATURE(name, bit, implies) {#name, isa::name, implies},
#include "cpu/features.inc"
#undef OCTAVO_FEATURE
};

struct NamedUnion {
  std::string_view name;
  IsaSet set;
};

constexpr NamedUnion kUnions[] = {{"scalar", isa::scalar}, {"avx512", isa::avx512}};

const IsaSet* find_named(std::string_view name) {
  for (const Feature& feature : kFeatures) {
    if (feature.name == name) return &feature.set;
  }
  for (const NamedUnion& named : kUnions) {
    if (named.name == name) return &named.set;
  }
  return nullptr;
}

void append_word(std::string& words, std::string_view word) {
  if (!words.empty()) words += ' ';
  words += word;
}

}  // namespace

IsaSet isa_with_implied(IsaSet features) {
  for (;;) {
    IsaSet closed = features;
    for (const Feature& feature : kFeatures) {
      if (closed.contains(feature.set)) closed = closed | feature.implies;
    }
    if (closed == features) return closed;
    features = closed;
  }
}

IsaRequest parse_isa_request(std::string_view text) {
  IsaRequest request;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view name = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (name.empty()) continue;
    if (const IsaSet* set = find_named(name)) {
      request.allowed = request.allowed | *set;
    } else {
      append_word(request.unknown, name);
    }
  }
  request.allowed = isa_with_implied(request.allowed);
  return request;
}

std::string isa_names(IsaSet features) {
  std::string names;
  for (const Feature& feature : kFeatures) {
    if (features.contains(feature.set)) append_word(names, feature.name);
  }
  return names;
}

IsaSet active_isa() {
  static const IsaSet active = [] {
    const char* text = std::getenv("OCTAVO_ISA");
    const IsaSet detected = detect_isa();
    if (text == nullptr || *text == '\0') return detected;
    return detected & parse_isa_request(text).allowed;
  }();
  return active;
}

}  // namespace octavo
