// Products of pairs of matrices of 8-bit integers, both of which vary. Operands: bias, scales, a,
// b, output. Words: those of MatrixBatch, epilogue, type and zero point of a and of b.
#include "epilogue/epilogue_panel.h"
#include "gemm/batch_gemm.h"
#include "program/epilogue_reader.h"
#include "program/matrix_batch.h"
#include "quantize/quantized_type.h"

namespace octavo {
namespace {

// An operand of a product: its type, and a zero point within that.
struct Bytes {
  octavo_type type;
  int32_t zero_point;
};

Bytes read_bytes(OpReader& reader, const char* type, const char* zero_point) {
  const Bytes bytes{reader.byte_type(type), reader.word(zero_point)};
  reader.expect(is_zero_point(bytes.zero_point, bytes.type), zero_point, "a value of its type");
  return bytes;
}

class BatchMatmul final : public Op {
 public:
  explicit BatchMatmul(OpReader& reader) {
    batch_.read(reader);
    reader.expect(batch_.k <= 1 || batch_.a.column == 1, "column stride of a", "1");
    problem_.epilogue = read_epilogue(reader, batch_.n);
    const Bytes a = read_bytes(reader, "type of a", "zero point of a");
    const Bytes b = read_bytes(reader, "type of b", "zero point of b");
    problem_.batch = batch_.count();
    problem_.m = batch_.m;
    problem_.lhs_type = a.type;
    problem_.lhs_stride = batch_.a.row;
    problem_.lhs_zero_point = a.zero_point;
    b_zero_point_ = b.zero_point;
    problem_.rhs = {nullptr,      b.type,          batch_.k,       batch_.n,
                    batch_.b.row, batch_.b.column, &b_zero_point_, 1};
    problem_.out_stride = batch_.out_row;
    const size_t element = output_bytes(problem_.epilogue.output);
    a_ = reader.input("a", batch_.a_elements(), 1);
    b_ = reader.input("b", batch_.b_elements(), 1);
    output_ = reader.output("output", batch_.out_elements().times(element), element);
    reader.expect_disjoint(a_, output_);
    reader.expect_disjoint(b_, output_);
    batch_.fill_offsets();
    problem_.lhs_offsets = batch_.a_offsets.data();
    problem_.rhs_offsets = batch_.b_offsets.data();
    problem_.out_offsets = batch_.out_offsets.data();
  }

  void run(const Frame& frame) const override {
    BatchGemm problem = problem_;
    problem.lhs = a_.in(frame);
    problem.rhs.data = b_.in(frame);
    problem.out = output_.in(frame);
    batch_gemm(problem);
  }

 private:
  MatrixBatch batch_;
  BatchGemm problem_{};
  int32_t b_zero_point_ = 0;
  Operand a_, b_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_batch_matmul(OpReader& reader) {
  return std::make_unique<BatchMatmul>(reader);
}

}  // namespace octavo
