// Register-tiled matrix products on panels: groups of two vectors of columns, each holding all its rows in a run.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <type_traits>
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

struct Range {
    int begin, end;
};

// Part `part` of `parts` nearly equal ones.
inline Range part_of(Range range, int part, int parts) {
    const int n = std::max(0, range.end - range.begin);
    return {range.begin + n * part / parts, range.begin + n * (part + 1) / parts};
}

// One row of panels along the lanes, as the row-wise equations take it: its units are vectors, the last partly padding.
template <class T>
struct PanelRow {
    using V = Vec<std::remove_const_t<T>>;
    using Number = typename V::Scalar;
    T* first;
    std::size_t panel_step;
    int units;

    int size() const { return ceil_div(units, V::size); }
    T* at(int v) const { return first + v / panel_vectors * panel_step + v % panel_vectors * V::size; }
    V operator()(int v) const { return V::load(at(v)); }
    typename V::M valid(int v) const { return V::first_lanes(units - v * V::size); }
    V within(int v, V value) const { return where(valid(v), value, V(0)); }

    template <class F>
    Number max(F f) const {
        V largest = -std::numeric_limits<Number>::infinity();
        for (int v = 0; v < size(); ++v) largest = where(valid(v), maximum(largest, f(v)), largest);
        return largest.max();
    }
    template <class F>
    Number sum(F f) const {
        V total = 0;
        for (int v = 0; v < size(); ++v) total = where(valid(v), total + f(v), total);
        return total.sum();
    }
    // Puts f(v) in the place of each vector, and 0 in the padding.
    template <class F>
    PanelRow keep(F f) const {
        for (int v = 0; v < size(); ++v) within(v, f(v)).store(at(v));
        return *this;
    }
};

// Left operands of a product: block(k) gives the elements (r, k), (r, k + 1) … of its rows, up to `length` of them. A
// product leaves the memory idle, so an operand may also move data meanwhile.

// Rows of panels, the next panel after panel_step.
template <class T>
struct PanelRows {
    static constexpr int length = panel_width<T>;
    const T* first;
    std::size_t panel_step;

    struct Block {
        const T* at;
        T operator()(int r, int k) const { return at[r * panel_width<T> + k]; }
    };
    template <int Rows>
    Block block(int k) const { return {first + k / length * panel_step}; }
};

// Columns of a panel, as rows. Fetches what will be needed with the result: `runs` runs of its size, stride apart.
template <class T>
struct PanelColumns {
    static constexpr int length = 8, line = 64 / int(sizeof(T));
    const T* first;
    const T* ahead;
    std::size_t stride;
    int runs;

    struct Block {
        const T* at;
        T operator()(int r, int k) const { return at[k * panel_width<T> + r]; }
    };
    template <int Rows>
    Block block(int k) const {
        const int at = k / length * line;
        if (at < Rows * panel_width<T>)
            for (int i = 0; i < runs; ++i) __builtin_prefetch(ahead + at + i * stride);
        return {first + std::size_t(k) * panel_width<T>};
    }
};

// Copies rows from anywhere in memory into panels, in whole vectors since a library's copy is in smaller pieces.
template <class T>
struct RowsCopy {
    const T* const* rows;
    int count, depth;
    T* to;  // the first row's place
    std::size_t panel_step;

    // Columns k … of one panel.
    void columns(int k) const {
        constexpr int width = panel_width<T>;
        T* const at = to + k / width * panel_step;
        for (int r = 0; r < count; ++r)
            if (k + width <= depth)
                for (int i = 0; i < width; i += Vec<T>::size)
                    Vec<T>::load_unaligned(rows[r] + k + i).store(at + r * width + i);
            else
                std::copy(rows[r] + k, rows[r] + depth, at + r * width);
    }
};

// Rows anywhere in memory. Copies some of them, and fetches rows that a later product will read.
template <class T>
struct DataRows {
    static constexpr int length = panel_width<T>;
    const T* const* rows;
    RowsCopy<T> copy;
    const T* const* ahead;
    int ahead_count;

    template <int Rows>
    struct Block {
        const T* at[Rows];
        T operator()(int r, int k) const { return at[r][k]; }
    };
    template <int Rows>
    Block<Rows> block(int k) const {
        for (int r = 0; r < ahead_count; ++r)
            for (int i = 0; i < length; i += 64 / int(sizeof(T))) __builtin_prefetch(ahead[r] + k + i);
        copy.columns(k);
        Block<Rows> block;
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) block.at[r] = rows[r] + k;
        return block;
    }
};

// c[r][:] = init[:] + Σ over k of a(r, k) * b[k][:], for Rows rows and Vectors vectors of b and c, which are panels.
template <class T, int Rows, int Vectors, class Left>
void tile_product(const Left& a, const T* b, int depth, const T* init, T* c) {
    using V = Vec<T>;
    constexpr int width = panel_width<T>, N = V::size;
    V sum[Rows][Vectors];
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 16
        for (int v = 0; v < Vectors; ++v) sum[r][v] = V::load(init + v * N);
    for (int begin = 0; begin < depth; begin += Left::length) {
        const auto block = a.template block<Rows>(begin);
        const int count = std::min(Left::length, depth - begin);
        for (int k = 0; k < count; ++k, b += width) {
            V row[Vectors];
#pragma GCC unroll 16
            for (int v = 0; v < Vectors; ++v) row[v] = V::load(b + v * N);
#pragma GCC unroll 16
            for (int r = 0; r < Rows; ++r) {
                const V factor = block(r, k);
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

template <class T, class Left>
using TileProduct = void (*)(const Left&, const T*, int, const T*, T*);

template <class T, class Left, int... Row>
TileProduct<T, Left> select_tile(int rows, int vectors, std::integer_sequence<int, Row...>) {
    static constexpr TileProduct<T, Left> table[][panel_vectors] = {
        {tile_product<T, Row + 1, 1, Left>, tile_product<T, Row + 1, 2, Left>}...};
    return table[rows - 1][vectors - 1];
}

// The product for this many rows and vectors.
template <class T, class Left>
void multiply_tile(int rows, int vectors, const Left& a, const T* b, int depth, const T* init, T* c) {
    select_tile<T, Left>(rows, vectors, std::make_integer_sequence<int, tile_rows>{})(a, b, depth, init, c);
}

// The sum of each column of a panel.
template <class T>
inline void column_sum(const T* d, int rows, int vectors, T* sum) {
    using V = Vec<T>;
    constexpr int width = panel_width<T>, N = V::size;
    constexpr int chains = 4;  // hide the latency of an addition
    for (int v = 0; v < vectors; ++v) {
        V s[chains] = {V(0), V(0), V(0), V(0)};
        std::ptrdiff_t r = 0;
        for (; r + chains <= rows; r += chains)
            for (int c = 0; c < chains; ++c) s[c] += V::load(d + (r + c) * width + v * N);
        for (; r < rows; ++r) s[0] += V::load(d + r * width + v * N);
        ((s[0] + s[1]) + (s[2] + s[3])).store(sum + v * N);
    }
}

}  // namespace GLASSNET_ISA
}  // namespace glassnet
