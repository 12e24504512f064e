// The sizes and strides of products of pairs of matrices, both of which vary, among the parameters
// of an op.
#ifndef OCTAVO_SRC_PROGRAM_MATRIX_BATCH_H_
#define OCTAVO_SRC_PROGRAM_MATRIX_BATCH_H_

#include <span>
#include <vector>

#include "program/op_reader.h"
#include "program/strided_places.h"

namespace octavo {

// Strides in elements.
struct MatrixStrides {
  size_t row, column;
};

// Products of m x k with k x n matrices; the columns of a result lie together.
class MatrixBatch {
 public:
  // Words: m, k, n, row and column strides of a and of b, row stride of the output, rank of the
  // batch (at most 4), then for each of its dimensions the size and the strides of a, b and the
  // output.
  void read(OpReader& reader) {
    for (size_t* size : {&m, &k, &n, &a.row, &a.column, &b.row, &b.column, &out_row}) {
      *size = reader.size("sizes and strides");
    }
    reader.expect(m <= 1 || out_row >= n, "row stride of the output", "at least n");
    reader.expect(k <= 1 || (a.column != 0 && b.row != 0), "strides along k",
                  "strides that are not 0");
    rank_ = reader.index("rank of the batch", kMaxRank);
    for (size_t i = 0; i < rank_; ++i) {
      Dimension& dimension = dimensions_[i];
      for (size_t* word : {&dimension.size, &dimension.a, &dimension.b, &dimension.out}) {
        *word = reader.size("batch");
      }
    }
    measure(reader);
  }

  size_t count() const { return matrices_; }
  // From the first to the last that is read or written.
  CheckedSize a_elements() const { return count() == 0 ? CheckedSize(0) : a_reach_.elements(); }
  CheckedSize b_elements() const { return count() == 0 ? CheckedSize(0) : b_reach_.elements(); }
  CheckedSize out_elements() const { return out_reach_.elements(); }

  // Once the operands are known to be as large: only then is the number of offsets a bounded one.
  void fill_offsets() {
    for (std::vector<size_t>* offsets : {&a_offsets, &b_offsets, &out_offsets}) {
      offsets->assign(matrices_, 0);
    }
    for (size_t matrix = 0; matrix < matrices_; ++matrix) {
      size_t rest = matrix;
      for (size_t i = rank_; i > 0; --i) {
        const Dimension& dimension = dimensions_[i - 1];
        const size_t position = rest % dimension.size;
        rest /= dimension.size;
        a_offsets[matrix] += position * dimension.a;
        b_offsets[matrix] += position * dimension.b;
        out_offsets[matrix] += position * dimension.out;
      }
    }
  }

  size_t m = 0, k = 0, n = 0;
  MatrixStrides a{}, b{};
  size_t out_row = 0;
  // Where each matrix begins, in elements.
  std::vector<size_t> a_offsets, b_offsets, out_offsets;

 private:
  static constexpr size_t kMaxRank = 4;

  struct Dimension {
    size_t size, a, b, out;
  };

  bool outputs_are_apart() const {
    StridedDimension places[kMaxRank + 2] = {{n, 1}, {m, out_row}};
    for (size_t i = 0; i < rank_; ++i) places[2 + i] = {dimensions_[i].size, dimensions_[i].out};
    return places_are_apart(std::span(places, 2 + rank_));
  }

  // Outputs have a place each: offsets are no more than fit there.
  void measure(const OpReader& reader) {
    CheckedSize count(1);
    for (size_t i = 0; i < rank_; ++i) {
      a_reach_.add(dimensions_[i].size, dimensions_[i].a);
      b_reach_.add(dimensions_[i].size, dimensions_[i].b);
      out_reach_.add(dimensions_[i].size, dimensions_[i].out);
      count = count.times(dimensions_[i].size);
    }
    a_reach_.add(m, a.row);
    a_reach_.add(k, a.column);
    b_reach_.add(k, b.row);
    b_reach_.add(n, b.column);
    out_reach_.add(m, out_row);
    out_reach_.add(n, 1);
    const size_t places = out_reach_.elements().value();
    reader.expect(places == 0 || outputs_are_apart(), "strides of the output",
                  "elements that do not lie over one another");
    matrices_ = places == 0 ? 0 : count.value();
  }

  size_t rank_ = 0;
  Dimension dimensions_[kMaxRank]{};
  Reach a_reach_, b_reach_, out_reach_;
  size_t matrices_ = 0;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_MATRIX_BATCH_H_
