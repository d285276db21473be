"""The machine's multiply-add peak: a C++ program of independent sums, compiled here, counted and run on one core."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import on_cores

# Independent sums hide the latency of the multiply-add; with the two factors they must fit the vector registers.
SUMS = 24 if platform.machine() in ("aarch64", "arm64") else 12
MULTIPLIES = re.compile(r"v?fn?m(add|la)|v?mulp[sd]|fmul")  # where there is no fused one, its multiplication
DTYPES = ("float32", "float64")

# Seeds and factors are volatile: a compiler that knows them computes a sum that starts at the recurrence's fixed point
# b / (1 − a) beforehand, and the loop then holds fewer multiply-adds than are written.
SOURCE = r"""
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>

#if defined(__AVX512F__)
constexpr int BYTES = 64;
#elif defined(__AVX__)
constexpr int BYTES = 32;
#else
constexpr int BYTES = 16;
#endif

template <class T> struct Vector { typedef T type __attribute__((vector_size(BYTES))); };
constexpr int REPEATS = 200000, PASSES = 20000, TRIALS = 200;

template <class Body> double seconds(Body body) {
    const auto start = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Additions that wait for each other take a cycle each.
volatile std::uint64_t given = 3;
void additions() {
    std::uint64_t sum = given;
    const std::uint64_t term = given;
    for (int i = 0; i < PASSES; ++i) {
        ADDED
    }
    given = sum;
}

struct Pass {
    double seconds, cycles;
};

// The best pass of the loop, and its cycles (median) by the clock right after it, which wide vectors lower for a while.
template <class T> __attribute__((noinline)) Pass multiply_add() {
    using V = typename Vector<T>::type;
    volatile T seed = T(2), factor = T(0.999), term = T(0.001);
    V sums[SUMS];
    for (int i = 0; i < SUMS; ++i) sums[i] = V{} + (seed + T(i));
    const auto loop = [&] {
        const V a = V{} + factor, b = V{} + term;
        V DECLARED;
#if defined(__clang__)
#pragma clang loop unroll(disable)
#else
#pragma GCC unroll 1
#endif
        for (int i = 0; i < REPEATS; ++i) {
            UPDATED
        }
        STORED
    };
    double passes[TRIALS], cycles[TRIALS];
    for (int trial = 0; trial < TRIALS; ++trial) {
        passes[trial] = seconds(loop) / REPEATS;
        cycles[trial] = passes[trial] / (seconds(additions) / (PASSES * ADDITIONS));
    }
    volatile T keep = 0;
    for (const V& sum : sums)
        for (int lane = 0; lane < BYTES / int(sizeof(T)); ++lane) keep = keep + sum[lane];
    std::nth_element(cycles, cycles + TRIALS / 2, cycles + TRIALS);
    return {*std::min_element(passes, passes + TRIALS), cycles[TRIALS / 2]};
}

int main() {
    const Pass single = multiply_add<float>(), twice = multiply_add<double>();
    std::printf("%d %.6e %.6e %.6e\n", BYTES, single.seconds, twice.seconds, single.cycles);
}
"""
ADDITIONS = 16


def source() -> str:
    """Return the program, each sum a variable of its own, which every compiler keeps in a register."""
    parts = {
        "SUMS": str(SUMS),
        "DECLARED": ", ".join(f"s{i} = sums[{i}]" for i in range(SUMS)),
        "UPDATED": " ".join(f"s{i} = s{i} * a + b;" for i in range(SUMS)),
        "STORED": " ".join(f"sums[{i}] = s{i};" for i in range(SUMS)),
        "ADDED": 'sum += term; asm volatile("" : "+r"(sum));' * ADDITIONS,
        "ADDITIONS": str(ADDITIONS),
    }
    return re.sub(r"\b[A-Z]+\b", lambda word: parts.get(word[0], word[0]), SOURCE)


def multiply_adds(disassembly: str, function: str) -> int:
    """Count the multiply-adds in the innermost loop of a function, in what `objdump -d -C` prints."""
    start = re.search(rf"^[0-9a-f]+ <[^\n]*{re.escape(function)}[^\n]*>:$", disassembly, re.MULTILINE)
    if start is None:
        return 0
    body = disassembly[start.end() :].lstrip("\n").split("\n\n")[0]
    lines = re.findall(r"^\s*([0-9a-f]+):\s+(\S+)[ \t]*(.*)$", body, re.MULTILINE)
    code = [(int(address, 16), name, operands) for address, name, operands in lines]
    counted = []
    for address, name, operands in code:
        target = re.search(r"\b(?:0x)?([0-9a-f]+) <", operands)
        if name.startswith(("j", "b.", "cb")) and target and (first := int(target[1], 16)) < address:
            inside = [other for at, other, _ in code if first <= at <= address]
            if found := sum(MULTIPLIES.match(other) is not None for other in inside):
                counted.append((address - first, found))
    return min(counted)[1] if counted else 0


@dataclass(frozen=True)
class Speed:
    """The multiply-add rates of one core in GF/s by dtype, the width of its vectors and how many it does a cycle.

    `a_cycle` is 2 with two units of the full width, 1 where a vector is done in two halves.
    """

    float32: float
    float64: float
    bits: int
    a_cycle: float

    @property
    def ghz(self) -> float:
        """The clock at which the rate in float32 was reached."""
        return self.float32 / (2 * self.bits / 32 * self.a_cycle)

    def __str__(self) -> str:
        return (
            f"{self.float32:.0f} GF/s in float32, {self.float64:.0f} in float64: "
            f"{self.a_cycle:.1f} multiply-adds of {self.bits} bits a cycle at {self.ghz:.2f} GHz"
        )


class Peak:
    """`measure()` gives the Speed of one core, or None if nothing could be compiled or the binary was not as written.

    `missing` says why there is no speed, `note` what was not checked.
    """

    def __init__(self, folder: Path, core: int | None) -> None:
        self.program, self.core, self.missing, self.note = folder / "peak", core, "", ""
        compiler = next((found for name in ("c++", "g++", "clang++") if (found := shutil.which(name))), None)
        if compiler is None or os.name == "nt":
            self.missing = "no C++ compiler was found, so the shares of the machine's peak are left out"
            return
        program = folder / "peak.cpp"
        program.write_text(source())
        options = ["-std=c++17", "-O3", "-march=native", "-ffp-contract=fast"]
        done = subprocess.run(
            [compiler, *options, str(program), "-o", str(self.program)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            first = next(iter(done.stderr.splitlines()), f"exit code {done.returncode}")
            self.missing = f"the compiler failed ({first}), so the shares of the machine's peak are left out"
            return
        self.check()

    def check(self) -> None:
        """Compare the multiply-adds in the binary's loops with those written."""
        objdump = shutil.which("objdump")
        if objdump is None:
            self.note = "objdump was not found, so the multiply-adds in the peak's loop were not counted in its binary"
            return
        command = [objdump, "-d", "-C", "--no-show-raw-insn", str(self.program)]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for kind in ("float", "double"):
            if (found := multiply_adds(text, f"multiply_add<{kind}>")) != SUMS:
                self.missing = (
                    f"the peak's loop has {found} multiply-adds of {kind} in its binary where {SUMS} are written, "
                    "so the shares of the machine's peak are left out"
                )

    def measure(self) -> Speed | None:
        if self.missing:
            return None
        cores = None if self.core is None else {self.core}
        with on_cores(cores):  # the child process inherits the cores
            out = subprocess.run([self.program], capture_output=True, text=True, check=True).stdout
        width, single, double, cycles = map(float, out.split())
        flops = 2 * SUMS * width  # of one byte a lane
        return Speed(flops / 4 / single * 1e-9, flops / 8 / double * 1e-9, round(8 * width), SUMS / cycles)
