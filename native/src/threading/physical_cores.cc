#include "threading/physical_cores.h"

#include <algorithm>
#include <thread>

#ifdef __linux__
#include <sched.h>

#include <cstdio>
#endif

namespace octavo {
namespace {

uint32_t logical_cores() { return std::max(1u, std::thread::hardware_concurrency()); }

#ifdef __linux__
// The first of the logical cores that share a physical one with `cpu`; itself where unknown.
int first_sibling(int cpu) {
  char path[96];
  std::snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
                cpu);
  std::FILE* file = std::fopen(path, "r");
  if (file == nullptr) return cpu;
  int first = cpu;
  if (std::fscanf(file, "%d", &first) != 1) first = cpu;
  std::fclose(file);
  return first;
}
#endif

}  // namespace

uint32_t physical_cores() {
#ifdef __linux__
  cpu_set_t allowed, counted;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return logical_cores();
  CPU_ZERO(&counted);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    const int core = first_sibling(cpu);
    CPU_SET(core >= 0 && core < CPU_SETSIZE ? core : cpu, &counted);
  }
  return std::max(1, CPU_COUNT(&counted));
#else
  return logical_cores();
#endif
}

}  // namespace octavo
