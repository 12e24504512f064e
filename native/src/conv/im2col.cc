#include "conv/im2col.h"

#include <algorithm>
#include <cstring>

#include "base/math.h"

namespace octavo {
namespace {

// First and one-past-last kernel column whose input column exists.
struct TapRange {
  size_t begin;
  size_t end;
};

TapRange taps_inside(size_t start, size_t pad, size_t size, size_t taps, size_t dilation) {
  size_t begin = 0;
  if (start < pad) begin = std::min(taps, (pad - start + dilation - 1) / dilation);
  size_t end = begin;
  const size_t limit = size + pad;
  if (start < limit) end = std::max(begin, std::min(taps, (limit - start - 1) / dilation + 1));
  return {begin, end};
}

// In whole words, of which the last may overlap the one before it.
template <size_t Word>
void copy_words(const uint8_t* from, size_t count, uint8_t* to) {
  for (size_t i = 0; i + Word < count; i += Word) std::memcpy(to + i, from + i, Word);
  std::memcpy(to + count - Word, from + count - Word, Word);
}

// Most rows of taps are a few bytes long or none at all: a call costs more than they do.
void copy_run(const uint8_t* from, size_t count, uint8_t* to) {
  if (count > 128) {
    std::memcpy(to, from, count);
  } else if (count >= 16) {
    copy_words<16>(from, count, to);
  } else if (count >= 8) {
    copy_words<8>(from, count, to);
  } else {
    for (size_t i = 0; i < count; ++i) to[i] = from[i];
  }
}

void fill_run(uint8_t value, size_t count, uint8_t* to) {
  if (count != 0) std::memset(to, value, count);
}

constexpr size_t kWord = 16;
constexpr size_t kMostWords = 3;

// Windows side by side, all within the image, whose rows of taps are dense.
struct Windows {
  const uint8_t* first;
  size_t step;
  size_t tap_rows;
  size_t tap_row_step;
  size_t tap_row_bytes;
};

// The last word of each row of taps runs over into the next, which is written later.
template <size_t kWords>
void copy_windows(const Windows& windows, size_t count, uint8_t* rows) {
  const size_t tap_rows = windows.tap_rows, tap_row_step = windows.tap_row_step;
  const size_t tap_row_bytes = windows.tap_row_bytes;
  const uint8_t* window = windows.first;
  for (size_t i = count; i > 0; --i, window += windows.step) {
    const uint8_t* from = window;
    for (size_t row = tap_rows; row > 0; --row, from += tap_row_step, rows += tap_row_bytes) {
      for (size_t word = 0; word < kWords; ++word) {
        std::memcpy(rows + word * kWord, from + word * kWord, kWord);
      }
    }
  }
}

void copy_windows(size_t words, const Windows& windows, size_t count, uint8_t* rows) {
  switch (words) {
    case 1:
      return copy_windows<1>(windows, count, rows);
    case 2:
      return copy_windows<2>(windows, count, rows);
    default:
      return copy_windows<3>(windows, count, rows);
  }
}

class Gather {
 public:
  Gather(const uint8_t* image, const ConvShape& shape, size_t group, uint8_t pad)
      : shape_(shape),
        run_(shape.kernel.group_channels),
        channels_(shape.kernel.in_channels()),
        row_bytes_(shape.kernel.kernel_w * run_),
        image_row_(shape.width * channels_),
        origin_(image + group * run_),
        pad_(pad),
        dense_(run_ == channels_ && shape.dilation_w == 1),
        inside_end_(shape.width + shape.pad_left -
                    std::min(shape.width, shape.kernel.kernel_w - 1)),
        words_(dense_ && row_bytes_ <= kMostWords * kWord ? div_up(row_bytes_, kWord) : 0) {}

  // Copies pixels of output row y from x on and returns how many of `count`: none where a window
  // leaves the image or words would read beyond it. Writes less than a word beyond the last.
  size_t pixels(size_t y, size_t x, size_t count, uint8_t* rows) const {
    const KernelShape& kernel = shape_.kernel;
    const size_t top = y * shape_.stride_h, left = x * shape_.stride_w;
    const size_t reach = words_ * kWord;
    if (words_ == 0 || image_row_ < reach || top < shape_.pad_top || left < shape_.pad_left ||
        top - shape_.pad_top + (kernel.kernel_h - 1) * shape_.dilation_h >= shape_.height) {
      return 0;
    }
    const size_t offset = (left - shape_.pad_left) * channels_, last = image_row_ - reach;
    if (offset > last) return 0;
    const size_t step = shape_.stride_w * channels_;
    const size_t some = std::min(count, (last - offset) / step + 1);
    copy_windows(words_,
                 {origin_ + (top - shape_.pad_top) * image_row_ + offset, step, kernel.kernel_h,
                  shape_.dilation_h * image_row_, row_bytes_},
                 some, rows);
    return some;
  }

  void pixel(size_t top, size_t left, uint8_t* rows) const {
    const KernelShape& kernel = shape_.kernel;
    const bool all_columns = dense_ && left >= shape_.pad_left && left < inside_end_;
    for (size_t kh = 0; kh < kernel.kernel_h; ++kh, rows += row_bytes_) {
      const size_t y = top + kh * shape_.dilation_h;
      if (y < shape_.pad_top || y - shape_.pad_top >= shape_.height) {
        std::memset(rows, pad_, row_bytes_);
        continue;
      }
      const uint8_t* image_row = origin_ + (y - shape_.pad_top) * image_row_;
      if (all_columns) {
        copy_run(image_row + (left - shape_.pad_left) * channels_, row_bytes_, rows);
      } else {
        edge_row(image_row, left, rows);
      }
    }
  }

 private:
  void edge_row(const uint8_t* image_row, size_t left, uint8_t* row) const {
    const TapRange inside =
        taps_inside(left, shape_.pad_left, shape_.width, shape_.kernel.kernel_w, shape_.dilation_w);
    fill_run(pad_, inside.begin * run_, row);
    fill_run(pad_, row_bytes_ - inside.end * run_, row + inside.end * run_);
    if (inside.begin == inside.end) return;
    const size_t x = left + inside.begin * shape_.dilation_w - shape_.pad_left;
    const uint8_t* source = image_row + x * channels_;
    if (dense_) {
      return copy_run(source, (inside.end - inside.begin) * run_, row + inside.begin * run_);
    }
    for (size_t tap = inside.begin; tap < inside.end; ++tap) {
      copy_run(source, run_, row + tap * run_);
      source += shape_.dilation_w * channels_;
    }
  }

  const ConvShape& shape_;
  size_t run_;        // bytes of a tap
  size_t channels_;   // bytes of an input pixel
  size_t row_bytes_;  // of one row of taps
  size_t image_row_;
  const uint8_t* origin_;
  uint8_t pad_;
  bool dense_;         // taps side by side in memory
  size_t inside_end_;  // the first column behind those whose dense taps all exist
  size_t words_;       // of a row of taps; 0 where words do not copy it
};

}  // namespace

void im2col(const uint8_t* image, const ConvShape& shape, size_t group, uint8_t pad,
            size_t first_pixel, size_t count, uint8_t* rows) {
  const Gather gather(image, shape, group, pad);
  const size_t bytes = shape.kernel.taps() * shape.kernel.group_channels;
  size_t y = first_pixel / shape.out_width, x = first_pixel % shape.out_width;
  // The last pixels are followed by what is not theirs to write over.
  const size_t exact = div_up(kWord, bytes);
  for (size_t i = 0; i < count;) {
    const size_t most = min_size(shape.out_width - x, count - i);
    size_t some = 0;
    if (count - i > exact) {
      some = gather.pixels(y, x, min_size(most, count - i - exact), rows);
    }
    if (some == 0) {
      gather.pixel(y * shape.stride_h, x * shape.stride_w, rows);
      some = 1;
    }
    i += some;
    rows += some * bytes;
    x += some;
    if (x == shape.out_width) {
      x = 0;
      ++y;
    }
  }
}

}  // namespace octavo
