#include <limits>
#include <string>

#include "broadcast_oracle.h"
#include "elementwise/element.h"
#include "op_program.h"

namespace octavo {
namespace {

using test::count_of;
using test::expect_checked;
using test::OpProgram;
using test::result_shape;
using test::Samples;
using test::Shape;
using test::source_index;

template <typename T>
constexpr Element kElementOf = std::is_same_v<T, int32_t>   ? Element::s32
                               : std::is_same_v<T, int64_t> ? Element::s64
                               : std::is_same_v<T, float>   ? Element::f32
                                                            : Element::u8;

// Few different values, so that some are equal, with those that overflow and compare with nothing.
template <typename T>
std::vector<T> values(size_t count, Samples& samples) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> some = {Limits::lowest(), Limits::max(), T(0), T(1), T(2), T(7)};
  if constexpr (std::is_same_v<T, float>) some.push_back(Limits::quiet_NaN());
  if constexpr (std::is_signed_v<T>) some.push_back(T(-3));
  std::vector<T> result(count);
  for (T& x : result) x = some[static_cast<size_t>(samples.integer(0, int32_t(some.size()) - 1))];
  return result;
}

template <typename T>
OpProgram typed(const std::string& name, const Shape& a, const Shape& b) {
  OpProgram op("typed_" + name);
  op.words({static_cast<size_t>(kElementOf<T>)});
  for (const Shape& shape : {a, b}) {
    op.words({shape.size()});
    for (const size_t size : shape) op.words({size});
  }
  return op;
}

template <typename T, typename R, typename Oracle>
void expect_exact(const std::string& name, Oracle oracle) {
  Samples samples(5);
  const Shape shapes[][2] = {{{}, {}},
                             {{5}, {}},
                             {{}, {37}},
                             {{131}, {131}},
                             {{4, 33}, {33}},
                             {{4, 33}, {4, 1}},
                             {{3, 1, 17}, {2, 1}},
                             {{7, 1}, {1, 9}},
                             {{0, 3}, {3}},
                             {{1, 70}, {1, 1}},
                             {{40000}, {1}},
                             {{3, 20000}, {20000}}};
  for (const auto& [a_shape, b_shape] : shapes) {
    const Shape shape = result_shape(a_shape, b_shape);
    const std::vector<T> a = values<T>(count_of(a_shape), samples);
    const std::vector<T> b = values<T>(count_of(b_shape), samples);
    OpProgram op = typed<T>(name, a_shape, b_shape);
    op.input(a).input(b).output(std::vector<R>(count_of(shape)));
    const auto found = op.run<R>();
    for (size_t i = 0; i < found.size(); ++i) {
      const T x = a[source_index(a_shape, shape, i)], y = b[source_index(b_shape, shape, i)];
      ASSERT_EQ(found[i], static_cast<R>(oracle(x, y))) << name << " of " << +x << " and " << +y;
    }
  }
}

template <typename T>
void expect_comparisons() {
  expect_exact<T, uint8_t>("equal", [](T a, T b) { return a <= b && b <= a; });
  expect_exact<T, uint8_t>("less", [](T a, T b) { return a <= b && a != b; });
  expect_exact<T, uint8_t>("less_or_equal", [](T a, T b) { return a < b || a == b; });
  expect_exact<T, uint8_t>("greater", [](T a, T b) { return b < a; });
  expect_exact<T, uint8_t>("greater_or_equal", [](T a, T b) { return b < a || a == b; });
}

TEST(TypedBinary, ComparesEveryType) {
  expect_comparisons<int32_t>();
  expect_comparisons<int64_t>();
  expect_comparisons<float>();
  expect_comparisons<uint8_t>();
}

template <typename T>
void expect_arithmetic() {
  using Wide = __int128;
  expect_exact<T, T>("add", [](T a, T b) { return T(Wide(a) + b); });
  expect_exact<T, T>("sub", [](T a, T b) { return T(Wide(a) - b); });
  expect_exact<T, T>("mul", [](T a, T b) { return T(Wide(a) * b); });
  expect_exact<T, T>("min", [](T a, T b) { return std::min(a, b); });
  expect_exact<T, T>("max", [](T a, T b) { return std::max(a, b); });
}

TEST(TypedBinary, ComputesIntegersModuloTheirBits) {
  expect_arithmetic<int32_t>();
  expect_arithmetic<int64_t>();
}

TEST(TypedBinary, CombinesTruthValues) {
  expect_exact<uint8_t, uint8_t>("logical_and", [](uint8_t a, uint8_t b) { return a && b; });
  expect_exact<uint8_t, uint8_t>("logical_or", [](uint8_t a, uint8_t b) { return a || b; });
  expect_exact<uint8_t, uint8_t>("logical_xor", [](uint8_t a, uint8_t b) { return !a != !b; });
}

TEST(TypedBinary, ChecksItsParameters) {
  Samples samples(6);
  OpProgram op = typed<int64_t>("add", {2, 3}, {1, 3});
  op.input(values<int64_t>(6, samples)).input(values<int64_t>(3, samples));
  expect_checked(op.output(values<int64_t>(6, samples)), 3, 6);
  OpProgram floats = typed<float>("add", {2}, {2});
  floats.input(std::vector<float>(2)).input(std::vector<float>(2)).output(std::vector<float>(2));
  EXPECT_THROW(floats.run<float>(), InvalidArgument) << "a type that the op does not take";
  OpProgram over = typed<int32_t>("add", {2}, {2});
  over.same_as_output().input(std::vector<int32_t>(2)).output(std::vector<int32_t>(2));
  EXPECT_THROW(over.run<int32_t>(), InvalidArgument) << "an operand under the output";
}

template <typename From, typename To>
void expect_cast() {
  Samples samples(7);
  std::vector<From> in = values<From>(70001, samples);
  OpProgram op("cast");
  op.words({static_cast<size_t>(kElementOf<From>), static_cast<size_t>(kElementOf<To>), in.size()});
  const auto found = op.input(in).output(std::vector<To>(in.size())).template run<To>();
  for (size_t i = 0; i < in.size(); ++i) {
    const To expected = std::is_same_v<To, uint8_t> ? To(in[i] != 0 || in[i] != in[i]) : To(in[i]);
    ASSERT_EQ(found[i], expected) << "of " << +in[i];
  }
}

TEST(Cast, GoesBetweenIntegersTruthValuesAndFloats) {
  expect_cast<int32_t, int64_t>();
  expect_cast<int32_t, float>();
  expect_cast<int32_t, uint8_t>();
  expect_cast<int64_t, int32_t>();
  expect_cast<int64_t, float>();
  expect_cast<int64_t, uint8_t>();
  expect_cast<float, uint8_t>();
  expect_cast<uint8_t, int32_t>();
  expect_cast<uint8_t, int64_t>();
  expect_cast<uint8_t, float>();
}

TEST(Cast, ChecksItsParameters) {
  OpProgram op("cast");
  op.words({size_t(Element::s64), size_t(Element::f32), 5});
  expect_checked(op.input(std::vector<int64_t>(5)).output(std::vector<float>(5)), 2, 8);
  OpProgram narrow("cast");
  narrow.words({size_t(Element::f32), size_t(Element::s32), 1});
  narrow.input(std::vector<float>(1)).output(std::vector<int32_t>(1));
  EXPECT_THROW(narrow.run<int32_t>(), InvalidArgument);
}

}  // namespace
}  // namespace octavo
