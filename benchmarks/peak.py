"""Measures the machine's multiply-add peak: compiles a C++ program of independent sums and runs it on one core."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

from benchmarks.machine import on_cores

# Independent sums hide the latency of the multiply-add; with the two factors they must fit the vector registers.
SUMS = 24 if platform.machine() in ("aarch64", "arm64") else 12

SOURCE = r"""
#include <chrono>
#include <cstdio>

#if defined(__AVX512F__)
constexpr int BYTES = 64;
#elif defined(__AVX__)
constexpr int BYTES = 32;
#else
constexpr int BYTES = 16;
#endif

template <class T> struct Vector { typedef T type __attribute__((vector_size(BYTES))); };

template <class T> double gflops() {
    using V = typename Vector<T>::type;
    constexpr int lanes = BYTES / sizeof(T), repeats = 200000;
    const V zero = {}, a = zero + T(0.999), b = zero + T(0.001);
    V DECLARED;
    double best = 1e30;
    for (int trial = 0; trial < 200; ++trial) {
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < repeats; ++i) {
            UPDATED
        }
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
        if (spent.count() < best) best = spent.count();
    }
    const V total = TOTAL;
    volatile T keep = 0;
    for (int lane = 0; lane < lanes; ++lane) keep = keep + total[lane];
    return 2.0 * COUNT * lanes * repeats / best * 1e-9;
}

int main() { std::printf("%f %f\n", gflops<float>(), gflops<double>()); }
"""


def source() -> str:
    """Write the program; each sum is a variable of its own, so that every compiler keeps it in a register."""
    parts = {
        "DECLARED": ", ".join(f"s{i} = zero + T({i})" for i in range(SUMS)),
        "UPDATED": " ".join(f"s{i} = s{i} * a + b;" for i in range(SUMS)),
        "TOTAL": " + ".join(f"s{i}" for i in range(SUMS)),
        "COUNT": str(SUMS),
    }
    text = SOURCE
    for word, code in parts.items():
        text = text.replace(word, code)
    return text


class Peak:
    """The compiled program: `measure()` returns GF/s of one core by dtype, or None if it did not compile."""

    def __init__(self, folder: Path, core: int | None) -> None:
        self.program, self.core, self.missing = folder / "peak", core, ""
        compiler = next((found for name in ("c++", "g++", "clang++") if (found := shutil.which(name))), None)
        if compiler is None or os.name == "nt":
            self.missing = "no C++ compiler was found, so the shares of the machine's peak are left out"
            return
        program = folder / "peak.cpp"
        program.write_text(source())
        command = [
            compiler,
            "-std=c++17",
            "-O3",
            "-march=native",
            "-ffp-contract=fast",
            str(program),
            "-o",
            str(self.program),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            first = next(iter(done.stderr.splitlines()), f"exit code {done.returncode}")
            self.missing = f"the compiler failed ({first}), so the shares of the machine's peak are left out"

    def measure(self) -> dict[str, float] | None:
        if self.missing:
            return None
        cores = None if self.core is None else {self.core}
        with on_cores(cores):  # the child process inherits the cores
            out = subprocess.run([self.program], capture_output=True, text=True, check=True).stdout
        single, double = map(float, out.split())
        return {"float32": single, "float64": double}
