// Register-tiled matrix products on panels: groups of two vectors of columns, each holding all its rows in a run.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "simd.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

// Two vectors of columns by eight rows is 16 accumulators: twice what hides the latency of two multiply-add units, and
// eight divides the panel width, so tiles along a panel's columns leave no remainder. With 16 registers it is four.
constexpr int panel_vectors = 2;
constexpr int tile_rows = vector_bytes == 64 ? 8 : 4;
template <class T>
constexpr int panel_width = panel_vectors * Vec<T>::size;

constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }

// c[r][:] = init[:] + Σ over k of a(r, k) * b[k][:], for Rows rows and Vectors vectors of b and c, which are panels.
// `a` is a panel walked by rows (element (r, k) at r * width + k, the next panel after a_step) or by columns (element
// (r, k) at k * width + r).
template <class T, int Rows, int Vectors, bool ByColumns>
void tile_product(const T* a, std::size_t a_step, const T* b, int depth, const T* init, T* c) {
    using V = Vec<T>;
    constexpr int width = panel_width<T>, N = V::size;
    constexpr int row_step = ByColumns ? 1 : width;
    constexpr int k_step = ByColumns ? width : 1;
    V sum[Rows][Vectors];
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 16
        for (int v = 0; v < Vectors; ++v) sum[r][v] = V::load(init + v * N);
    // down a column everything is contiguous; along a row the panel ends
    const int block = ByColumns ? depth : width;
    for (; depth > 0; depth -= block, a += a_step) {
        const T* const end = b + std::min(block, depth) * width;
        for (const T* at = a; b != end; b += width, at += k_step) {
            V row[Vectors];
#pragma GCC unroll 16
            for (int v = 0; v < Vectors; ++v) row[v] = V::load(b + v * N);
#pragma GCC unroll 16
            for (int r = 0; r < Rows; ++r) {
                const V factor = at[r * row_step];
#pragma GCC unroll 16
                for (int v = 0; v < Vectors; ++v) sum[r][v] += factor * row[v];
            }
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 16
        for (int v = 0; v < Vectors; ++v) sum[r][v].store(c + r * width + v * N);
}

template <class T>
using TileProduct = void (*)(const T*, std::size_t, const T*, int, const T*, T*);

template <class T, bool ByColumns, int... Row>
TileProduct<T> select_tile(int rows, int vectors, std::integer_sequence<int, Row...>) {
    static constexpr TileProduct<T> table[][panel_vectors] = {
        {tile_product<T, Row + 1, 1, ByColumns>, tile_product<T, Row + 1, 2, ByColumns>}...};
    return table[rows - 1][vectors - 1];
}

// The kernel for this many rows and vectors.
template <class T, bool ByColumns>
TileProduct<T> select_tile(int rows, int vectors) {
    return select_tile<T, ByColumns>(rows, vectors, std::make_integer_sequence<int, tile_rows>{});
}

template <class T, int Step, bool Upper, int... I>
inline Vec<T> exchange_lanes(Vec<T> a, Vec<T> b, std::integer_sequence<int, I...>) {
    constexpr int n = sizeof...(I);
    if constexpr (!Upper)
        return Vec<T>::from_raw(__builtin_shufflevector(a.raw, b.raw, ((I & Step) == 0 ? I : n + I - Step)...));
    else
        return Vec<T>::from_raw(__builtin_shufflevector(a.raw, b.raw, ((I & Step) == 0 ? I + Step : n + I)...));
}

// Transposes a square of vectors in registers by exchanging ever larger blocks.
template <class T, int Step = 1>
inline __attribute__((always_inline)) void transpose_square(Vec<T> (&row)[Vec<T>::size]) {
    constexpr int N = Vec<T>::size;
    if constexpr (Step < N) {
        using Lanes = std::make_integer_sequence<int, N>;
#pragma GCC unroll 16
        for (int r = 0; r < N; ++r) {
            if (r & Step) continue;
            const Vec<T> a = row[r], b = row[r + Step];
            row[r] = exchange_lanes<T, Step, false>(a, b, Lanes{});
            row[r + Step] = exchange_lanes<T, Step, true>(a, b, Lanes{});
        }
        transpose_square<T, 2 * Step>(row);
    }
}

}  // namespace GLASSNET_ISA
}  // namespace glassnet
