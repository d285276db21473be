// Which of the compiled instruction sets this processor has; built for the oldest of them.

#include <nanobind/nanobind.h>

namespace {

// "v4", "v3" or "v2" of x86-64 as the psABI names them, "" if none, "generic" if the engine was compiled without them.
const char* instruction_set() {
#if !defined(GLASSNET_GENERIC)
    __builtin_cpu_init();
    const bool v2 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
    const bool v3 = v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    return v4 ? "v4" : v3 ? "v3" : v2 ? "v2" : "";
#else
    return "generic";
#endif
}

}  // namespace

NB_MODULE(_cpu, m) { m.def("instruction_set", &instruction_set); }
