// The kernels of small networks: products with rows across the lanes of a vector.
//
// Rows are kept in groups of eight vectors, each group feature by feature. Weights enter as scalars copied to all lanes.
//
//   weighted_sums   Z = A W + b, and dA = dZ Wᵀ, which is the same with W transposed;
//   row_products    dW = Aᵀ dZ with rows in the lanes: one accumulator vector a weight, its lanes added once a step.
//                   Best for few outputs;
//   row_outer       dW = Aᵀ dZ with outputs in the lanes, from the transposed slopes. Nothing is left to add across
//                   lanes, but outputs are padded to whole vectors.
#pragma once

#include <algorithm>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "simd.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

// An array aligned for vector loads, zero at first.
template <class T>
class AlignedArray {
public:
    AlignedArray() = default;
    explicit AlignedArray(std::size_t count)
        : data_(static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t(64)))) {
        std::fill_n(data_.get(), count, T(0));
    }
    operator T*() const { return data_.get(); }

private:
    struct Free {
        void operator()(T* p) const { ::operator delete(p, std::align_val_t(64)); }
    };
    std::unique_ptr<T, Free> data_;
};

template <int N>
using Count = std::integral_constant<int, N>;

// Covers 0 .. n - 1 with pieces of a size known at compile time, a power of two: f(Count<size>, start).
template <int Largest, class F>
inline void in_pieces(int n, F f) {
    int start = 0;
    for (; start + Largest <= n; start += Largest) f(Count<Largest>(), start);
    if constexpr (Largest > 1) {
        if (start < n) in_pieces<Largest / 2>(n - start, [&](auto size, int i) { f(size, start + i); });
    }
}

// Calls f(Count<n>) for an n from 1 to Largest.
template <int Largest, class F>
inline void with_count(int n, F f) {
    if constexpr (Largest > 1) {
        if (n < Largest) return with_count<Largest - 1>(n, f);
    }
    f(Count<Largest>());
}

// Lanes of a and b in turn, from their first halves (Half = 0) or second halves (Half = 1).
template <int Half, class T, int N, int... I>
inline Vec<T, N> interleave(Vec<T, N> a, Vec<T, N> b, std::integer_sequence<int, I...>) {
    return shuffle<(Half * N / 2 + I / 2 + I % 2 * N)...>(a, b);
}

// The vector whose lane i is the sum of the lanes of x[i]; uses x up.
template <class T, int N>
inline Vec<T, N> sums_of(Vec<T, N> (&x)[N]) {
    const std::make_integer_sequence<int, N> lanes;
    for (int half = N / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i)
            x[i] = interleave<0>(x[i], x[i + half], lanes) + interleave<1>(x[i], x[i + half], lanes);
    return x[0];
}

// A group is this many vectors of rows; a feature's next value is `group_rows` further on.
constexpr int group_vectors = 8;
template <class T>
constexpr int group_rows = group_vectors * Vec<T>::size;

// Rows across the lanes as the row-wise equations take them: a unit of all the rows is one vector, and so is a number of
// each row.
template <class T>
struct RowsAcrossLanes {
    using V = Vec<std::remove_const_t<T>>;
    using Number = V;
    T* at;  // the first unit of these rows within their group
    int units;

    int size() const { return units; }
    V operator()(int j) const { return V::load(at + j * group_rows<typename V::Scalar>); }
    V within(int, V value) const { return value; }

    template <class F>
    V max(F f) const {
        V largest = f(0);
        for (int j = 1; j < units; ++j) largest = maximum(largest, f(j));
        return largest;
    }
    template <class F>
    V sum(F f) const {
        V total = 0;
        for (int j = 0; j < units; ++j) total += f(j);
        return total;
    }
    // Puts f(j) in the place of each unit.
    template <class F>
    RowsAcrossLanes keep(F f) const {
        for (int j = 0; j < units; ++j) f(j).store(at + j * group_rows<T>);
        return *this;
    }
};

// How many sums a kernel may hold in registers.
constexpr int tile_size = vector_bytes == 64 ? 16 : 8;

// finish(sum, at) for each output o and vector u of one group, where sum = start[o] + the sum over k
// of in[k][u] * W[k][o] and `at` is its place within the group. Transposed, W[o][k] is taken instead;
// without `start`, 0.
template <bool Transposed, class T, class Finish>
inline void weighted_sums(const T* in, int terms, const T* w, const T* start, int outputs, int vectors, Finish finish) {
    using V = Vec<T>;
    constexpr int R = group_rows<T>, N = V::size;
    const int step_k = Transposed ? 1 : outputs, step_o = Transposed ? terms : 1;
    in_pieces<tile_size / 4>(vectors, [&](auto tile_u, int u0) {
        in_pieces<tile_size / tile_u>(outputs, [&](auto tile_o, int o0) {
            constexpr int U = tile_u, O = tile_o;
            const T* x_k = in + u0 * N;
            const T* w_k = w + o0 * step_o;
            V sum[O][U];
#pragma GCC unroll 16
            for (int o = 0; o < O; ++o)
#pragma GCC unroll 16
                for (int u = 0; u < U; ++u) sum[o][u] = Transposed ? T(0) : start[o0 + o];
            for (int k = 0; k < terms; ++k, x_k += R, w_k += step_k) {
                V x[U];
#pragma GCC unroll 16
                for (int u = 0; u < U; ++u) x[u] = V::load(x_k + u * N);
#pragma GCC unroll 16
                for (int o = 0; o < O; ++o) {
                    V weight = w_k[o * step_o];
#pragma GCC unroll 16
                    for (int u = 0; u < U; ++u) sum[o][u] += weight * x[u];
                }
            }
            const int at = o0 * R + u0 * N;
#pragma GCC unroll 16
            for (int o = 0; o < O; ++o)
#pragma GCC unroll 16
                for (int u = 0; u < U; ++u) finish(sum[o][u], at + (o * R + u * N));
        });
    });
}

// finish(sum, i0, j0) for each tile of the products of a[i] and d[j], one vector of lanes each, over `vectors` vectors of
// rows in consecutive groups of a_size and d_size scalars; start(i, j) is where a sum starts.
template <class T, class Start, class Finish>
inline void row_products(const T* a, int a_size, const T* d, int d_size, int inputs, int outputs, int vectors,
                         Start start, Finish finish) {
    using V = Vec<T>;
    constexpr int R = group_rows<T>, N = V::size;
    in_pieces<4>(outputs, [&](auto tile_j, int j0) {
        in_pieces<std::min(8, tile_size / tile_j)>(inputs, [&](auto tile_i, int i0) {
            constexpr int I = tile_i, J = tile_j;
            V sum[I][J];
#pragma GCC unroll 16
            for (int i = 0; i < I; ++i)
#pragma GCC unroll 16
                for (int j = 0; j < J; ++j) sum[i][j] = start(i0 + i, j0 + j);
            const T* x = a + i0 * R;
            const T* slope = d + j0 * R;
            for (int left = vectors; left > 0; left -= group_vectors, x += a_size, slope += d_size) {
                const int end = std::min(left, group_vectors) * N;
                for (int u = 0; u < end; u += N)
#pragma GCC unroll 16
                    for (int j = 0; j < J; ++j) {
                        const V s = V::load(slope + u + j * R);
#pragma GCC unroll 16
                        for (int i = 0; i < I; ++i) sum[i][j] += V::load(x + u + i * R) * s;
                    }
            }
            finish(sum, i0, j0);
        });
    });
}

// sums[i] = or += the products of the scalars a[i][r] and the vectors d[r] over the rows r of one
// group; d and sums have `columns` vectors a row.
template <class T>
inline void row_outer(const T* a, const T* d, int inputs, int columns, int rows, bool first, T* sums) {
    using V = Vec<T>;
    constexpr int R = group_rows<T>, N = V::size;
    const int width = columns * N;
    in_pieces<4>(columns, [&](auto tile_j, int j0) {
        in_pieces<std::min(8, tile_size / tile_j)>(inputs, [&](auto tile_i, int i0) {
            constexpr int I = tile_i, J = tile_j;
            T* out = sums + i0 * width + j0 * N;
            V sum[I][J];
#pragma GCC unroll 16
            for (int i = 0; i < I; ++i)
#pragma GCC unroll 16
                for (int j = 0; j < J; ++j) sum[i][j] = first ? V(0) : V::load(out + i * width + j * N);
            const T* x = a + i0 * R;
            const T* slope = d + j0 * N;
            for (int r = 0; r < rows; ++r, slope += width) {
                V s[J];
#pragma GCC unroll 16
                for (int j = 0; j < J; ++j) s[j] = V::load(slope + j * N);
#pragma GCC unroll 16
                for (int i = 0; i < I; ++i) {
                    V scalar = x[i * R + r];
#pragma GCC unroll 16
                    for (int j = 0; j < J; ++j) sum[i][j] += scalar * s[j];
                }
            }
#pragma GCC unroll 16
            for (int i = 0; i < I; ++i)
#pragma GCC unroll 16
                for (int j = 0; j < J; ++j) sum[i][j].store(out + i * width + j * N);
        });
    });
}

}  // namespace GLASSNET_ISA
}  // namespace glassnet
