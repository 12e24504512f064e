// The part of the C API about threads.
#include "octavo/threads.h"

#include "threading/thread_pool.h"

namespace {

octavo::ThreadPool& pool() { return octavo::ThreadPool::instance(); }

}  // namespace

uint32_t octavo_threads(void) { return pool().threads(); }

void octavo_set_threads(uint32_t threads) { pool().set_threads(threads); }

uint32_t octavo_spin_microseconds(void) { return pool().spin(); }

void octavo_set_spin_microseconds(uint32_t microseconds) { pool().set_spin(microseconds); }

void octavo_stop_threads(void) { pool().stop(); }
