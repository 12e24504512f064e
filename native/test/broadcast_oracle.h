// ONNX's broadcasting, index by index.
#ifndef OCTAVO_TEST_BROADCAST_ORACLE_H_
#define OCTAVO_TEST_BROADCAST_ORACLE_H_

#include <algorithm>
#include <cstddef>
#include <vector>

namespace octavo::test {

using Shape = std::vector<size_t>;

inline size_t count_of(const Shape& shape) {
  size_t count = 1;
  for (size_t size : shape) count *= size;
  return count;
}

// Where element `index` of the result comes from.
inline size_t source_index(const Shape& shape, const Shape& out, size_t index) {
  size_t source = 0, stride = 1;
  for (size_t i = out.size(); i > 0; --i) {
    const size_t position = index % out[i - 1];
    index /= out[i - 1];
    if (i + shape.size() <= out.size()) continue;
    const size_t size = shape[i + shape.size() - out.size() - 1];
    if (size != 1) source += position * stride;
    stride *= size;
  }
  return source;
}

inline Shape result_shape(const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()), 1);
  for (const Shape* shape : {&a, &b}) {
    for (size_t i = 0; i < shape->size(); ++i) {
      size_t& size = out[out.size() - shape->size() + i];
      if ((*shape)[i] != 1) size = (*shape)[i];
    }
  }
  return out;
}

}  // namespace octavo::test

#endif  // OCTAVO_TEST_BROADCAST_ORACLE_H_
