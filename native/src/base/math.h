// Integer arithmetic on sizes.
#ifndef OCTAVO_SRC_BASE_MATH_H_
#define OCTAVO_SRC_BASE_MATH_H_

#include <cstddef>
#include <cstdint>

namespace octavo {

constexpr size_t div_up(size_t a, size_t b) { return a / b + (a % b != 0 ? 1 : 0); }

constexpr size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

// A size that remembers whether any step towards it overflowed.
class CheckedSize {
 public:
  constexpr explicit CheckedSize(size_t value) : value_(value) {}
  constexpr CheckedSize times(size_t factor) const {
    CheckedSize result = *this;
    result.overflow_ |= __builtin_mul_overflow(value_, factor, &result.value_);
    return result;
  }
  constexpr CheckedSize plus(size_t term) const {
    CheckedSize result = *this;
    result.overflow_ |= __builtin_add_overflow(value_, term, &result.value_);
    return result;
  }
  // Rounds up to a multiple of `unit`.
  constexpr CheckedSize rounded_up_to(size_t unit) const {
    CheckedSize result = plus(unit - 1);
    result.value_ = result.value_ / unit * unit;
    return result;
  }
  // Half the address space is the limit, so differences and signed offsets fit too.
  constexpr bool fits() const { return !overflow_ && value_ <= SIZE_MAX / 2; }
  // After an overflow, a size that no allocation grants.
  constexpr size_t value() const { return overflow_ ? SIZE_MAX : value_; }

 private:
  size_t value_;
  bool overflow_ = false;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_BASE_MATH_H_
