// Slices along an axis, by indices that a run finds out. Operands: data ([outer][axis][inner]),
// indices, output ([outer][indices][inner]). Words: bytes of an index (4 or 8), outer, size of the
// axis, bytes of inner, number of indices, bytes of an element. A negative index counts from the
// end; one outside the axis fails the run.
#include <new>

#include "base/thread_scratch.h"
#include "movement/strided_copy.h"
#include "program/op_reader.h"

namespace octavo {
namespace {

class Gather final : public Op {
 public:
  explicit Gather(OpReader& reader) : index_bytes_(reader.index("bytes of an index", 8)) {
    reader.expect(index_bytes_ == 4 || index_bytes_ == 8, "bytes of an index", "4 or 8");
    outer_ = reader.size("outer");
    axis_ = reader.size("size of the axis");
    inner_bytes_ = reader.size("bytes of inner");
    count_ = reader.size("indices");
    const size_t element = reader.index("bytes of an element", 8);
    reader.expect(element != 0, "bytes of an element", "1 to 8");
    const CheckedSize row = CheckedSize(outer_).times(inner_bytes_);
    data_ = reader.input("data", row.times(axis_), element);
    indices_ = reader.input("indices", CheckedSize(count_).times(index_bytes_), index_bytes_);
    output_ = reader.output("output", row.times(count_), element);
    reader.expect_disjoint(data_, output_);
    reader.expect_disjoint(indices_, output_);
  }

  void run(const Frame& frame) const override {
    if (count_ == 0 || outer_ == 0) return;
    size_t* rows = reinterpret_cast<size_t*>(thread_scratch(count_ * sizeof(size_t)));
    if (rows == nullptr) throw std::bad_alloc();
    read_indices(indices_.in(frame), rows);
    if (inner_bytes_ == 0) return;
    const uint8_t* data = data_.in<const uint8_t>(frame);
    uint8_t* out = output_.in(frame);
    for (size_t i = 0; i < outer_; ++i) {
      gather_rows(data + i * axis_ * inner_bytes_, {rows, count_}, inner_bytes_,
                  out + i * count_ * inner_bytes_);
    }
  }

 private:
  void read_indices(const uint8_t* from, size_t* rows) const {
    const int64_t size = static_cast<int64_t>(axis_);
    for (size_t i = 0; i < count_; ++i) {
      const int64_t index = index_bytes_ == 4 ? reinterpret_cast<const int32_t*>(from)[i]
                                              : reinterpret_cast<const int64_t*>(from)[i];
      require(index >= -size && index < size, "gather: indices", "indices within the axis");
      rows[i] = static_cast<size_t>(index < 0 ? index + size : index);
    }
  }

  size_t index_bytes_, outer_, axis_, inner_bytes_, count_;
  Operand data_, indices_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_gather(OpReader& reader) { return std::make_unique<Gather>(reader); }

}  // namespace octavo
