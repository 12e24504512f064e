#include "float_gemm/task_grid.h"

#include <gtest/gtest.h>

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

TEST(TaskGrid, GivesEachThreadAsManyTasks) {
  for (uint32_t threads : {2u, 3u, 4u, 5u, 8u}) {
    for (size_t m : {100, 300, 512, 1000}) {
      const TaskGrid grid({m, 176, 16}, 4096, 16, 4096, threads);
      EXPECT_EQ(grid.tasks() % threads, 0u) << m << " rows on " << threads << " threads";
      EXPECT_GE(grid.tasks(), threads * 4);
    }
  }
}

TEST(TaskGrid, MakesTasksOfNearlyEqualWidth) {
  const TaskGrid grid({512, 512, 16}, 896, 48, 4096, 2);
  for (size_t task = 0; task < grid.tasks(); ++task) {
    const Range columns = grid.columns(task);
    EXPECT_GE(columns.last - columns.first, 80u);
    EXPECT_LE(columns.last - columns.first, 144u);
  }
}

TEST(TaskGrid, KeepsLittleWorkTogether) {
  EXPECT_EQ(TaskGrid({4, 176, 16}, 64, 16, 64, 8).tasks(), 1u);
}

}  // namespace
}  // namespace octavo
