#include "float_gemm/task_grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace octavo {
namespace {

// Each element once, in tasks that begin where panels do.
void expect_whole(const TaskGrid& grid, size_t m, size_t n, size_t nr) {
  std::vector<int> times(m * n);
  for (size_t task = 0; task < grid.tasks(); ++task) {
    const Range rows = grid.rows(task), columns = grid.columns(task);
    ASSERT_LT(rows.first, rows.last);
    ASSERT_LT(columns.first, columns.last);
    ASSERT_EQ(columns.first % nr, 0u);
    ASSERT_TRUE(columns.last == n || columns.last % nr == 0);
    for (size_t i = rows.first; i < rows.last; ++i) {
      for (size_t j = columns.first; j < columns.last; ++j) ++times[i * n + j];
    }
  }
  for (int count : times) ASSERT_EQ(count, 1);
}

TEST(TaskGrid, CoversEachElementOnce) {
  for (uint32_t threads : {1u, 2u, 3u, 7u}) {
    for (size_t m : {1, 50, 512}) {
      for (size_t n : {1, 16, 47, 129, 896}) {
        for (size_t nr : {16, 48}) {
          expect_whole(TaskGrid({m, 176, 16}, n, nr, 4096, threads), m, n, nr);
        }
      }
    }
  }
}

// When the last of the threads ends that each take the next task, relative to equal shares.
double lateness(const TaskGrid& grid, size_t m, size_t n, uint32_t threads) {
  std::vector<size_t> busy(threads);
  for (size_t task = 0; task < grid.tasks(); ++task) {
    const Range rows = grid.rows(task), columns = grid.columns(task);
    *std::min_element(busy.begin(), busy.end()) +=
        (rows.last - rows.first) * (columns.last - columns.first);
  }
  const double last = static_cast<double>(*std::max_element(busy.begin(), busy.end()));
  return last * threads / static_cast<double>(m * n);
}

TEST(TaskGrid, LetsThreadsEndTogether) {
  for (uint32_t threads : {2u, 3u, 4u, 5u, 8u}) {
    for (size_t m : {100, 300, 512, 1000}) {
      for (size_t n : {896, 2048, 4096, 11008}) {
        const TaskGrid grid({m, 176, 4}, n, 32, 4096, threads);
        const bool divides = n > 1000 && threads % 2 == 0;
        EXPECT_LE(lateness(grid, m, n, threads), divides ? 1.05 : 1.15)
            << m << " x " << n << " on " << threads << " threads";
      }
    }
  }
}

TEST(TaskGrid, TakesAsManyPartsAsHaveOneWidth) {
  const TaskGrid grid({512, 512, 16}, 896, 32, 4096, 2);
  EXPECT_EQ(grid.tasks(), 14u);
  EXPECT_EQ(lateness(grid, 512, 896, 2), 1.0);
}

TEST(TaskGrid, KeepsLittleWorkTogether) {
  EXPECT_EQ(TaskGrid({4, 176, 16}, 64, 16, 64, 8).tasks(), 1u);
}

}  // namespace
}  // namespace octavo
