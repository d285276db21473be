// A layer of a small network: its activations and slopes for a block of rows, and the products that give its gradient.
#pragma once

#include <algorithm>

#include "equations.hpp"
#include "lanes.hpp"
#include "random.hpp"
#include "small_rows.hpp"
#include "trainer.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

template <class T>
struct SmallLayer {
    using V = Vec<T>;
    static constexpr int N = V::size, R = group_rows<T>;

    int number, inputs, outputs, activation, first_parameter, columns;
    double activation_parameter;
    bool keeps_z = false, keeps_mask = false, outputs_in_lanes = false;
    AlignedArray<T> a;     // outputs, masked by dropout, then a row of ones for the next layer's biases; on the way
                           // back the slopes in z take the place of the outputs
    AlignedArray<T> z;     // before the activation, where its derivative needs that
    AlignedArray<T> mask;  // of dropout
    AlignedArray<T> sums;  // the gradient before its lanes are added or its padding dropped

    SmallLayer(const Architecture& architecture, bool drops, int number, int first_parameter)
        : number(number), inputs(architecture.sizes[number - 1]), outputs(architecture.sizes[number]),
          activation(architecture.activations[number - 1]), first_parameter(first_parameter),
          columns((outputs + N - 1) / N), activation_parameter(architecture.activation_parameters[number - 1]) {
        if (number == architecture.layers()) return;
        with_activation([&](auto g) { keeps_z = g.needs_z; });
        keeps_mask = drops;
    }

    void allocate(int block_groups, int most_rows) {
        a = AlignedArray<T>(std::size_t(block_groups) * group_size());
        for (int g = 0; g < block_groups; ++g) std::fill_n(a + g * group_size() + outputs * R, R, T(1));
        if (keeps_z) z = AlignedArray<T>(std::size_t(block_groups) * group_size());
        if (keeps_mask) mask = AlignedArray<T>(std::size_t(block_groups) * group_size());
        outputs_in_lanes = prefers_outputs_in_lanes(std::max(1, (most_rows + N - 1) / N));
        // rounded up to whole groups of sums_of
        sums = AlignedArray<T>(outputs_in_lanes ? std::size_t(inputs + 1) * columns * N
                                                : std::size_t(parameters() + N - 1) / N * N * N);
    }

    int parameters() const { return (inputs + 1) * outputs; }
    int group_size() const { return (outputs + 1) * R; }
    // Rows that a group keeps for this layer.
    int features() const { return (outputs + 1) + (keeps_z + keeps_mask) * outputs; }

    template <class Body>
    void with_activation(Body body) const {
        equations::with_activation(activation, activation_parameter, body);
    }

    // Draws the mask of a step for a block of rows, and applies it.
    void apply_dropout(const RowBlock<T>& block, const Dropout<T>& dropout) {
        for (int r = 0; r < block.rows; ++r) {
            const int at = r / R * group_size() + r % R;
            dropout.template mask_row<R>(block.start + r, 0, outputs, mask + at, a + at);
        }
        // the rows that fill up the last vector are the last row again, with its mask
        const int last = (block.rows - 1) / R * group_size() + (block.rows - 1) % R;
        for (int r = block.rows; r < block.vectors() * N; ++r)
            for (int j = 0; j < outputs; ++j) {
                const int at = r / R * group_size() + r % R + j * R;
                mask[at] = mask[last + j * R];
                a[at] = a[last + j * R];
            }
    }

    // Multiplies the outputs, or the slopes in their place, by factor(place).
    template <class Factor>
    void scale_outputs(const RowBlock<T>& block, Factor factor) {
        block.for_groups([&](int g, int vectors) {
            for (int j = 0; j < outputs; ++j)
                for (int u = 0; u < vectors; ++u) {
                    const int at = g * group_size() + j * R + u * N;
                    (V::load(a + at) * factor(at)).store(a + at);
                }
        });
    }

    // The products of the layer's inputs and slopes, of a block of rows: to the gradient, or with several blocks to `sums`.
    void products(const RowBlock<T>& block, const T* in, int in_size, bool one_block, T* gradient, T* transposed) {
        if (!outputs_in_lanes) {
            if (one_block) {
                row_products<T>(in, in_size, a, group_size(), inputs + 1, outputs, block.vectors(),
                                [](int, int) { return V(0); },
                                [&](const auto& sum, int i0, int j0) {
                                    add_lanes(sum, gradient + first_parameter + i0 * outputs + j0, outputs);
                                });
                return;
            }
            T* const sums = this->sums;
            const int outputs = this->outputs;
            const bool first = block.first();
            row_products<T>(in, in_size, a, group_size(), inputs + 1, outputs, block.vectors(),
                            [=](int i, int j) { return first ? V(0) : V::load(sums + (i * outputs + j) * N); },
                            [=](const auto& sum, int i0, int j0) {
                                T* to = sums + (i0 * outputs + j0) * N;
                                for (const auto& row : sum) {
                                    T* at = to;
                                    for (const V& value : row) {
                                        value.store(at);
                                        at += N;
                                    }
                                    to += outputs * N;
                                }
                            });
            return;
        }
        const int width = columns * N;
        block.for_groups([&](int g, int vectors) {
            const T* slopes = a + g * group_size();
            for (int c = 0; c < columns; ++c)
                for (int u = 0; u < vectors; ++u)
                    transpose_columns(slopes + c * N * R + u * N, std::min(N, outputs - c * N),
                                      transposed + u * N * width + c * N, width);
            row_outer<T>(in + g * in_size, transposed, inputs + 1, columns, vectors * N,
                         block.first() && g == 0, sums);
        });
    }

    // The gradient of all blocks in theta's layout, from `sums`; products() may have `added` the lanes already.
    void collect(bool added, T* gradient) const {
        // whole vectors are written, so a row may spill over into the next ones, which come later; none out of its layer
        T* out = gradient + first_parameter;
        if (outputs_in_lanes) {
            for (int i = 0; i <= inputs; ++i)
                for (int c = 0; c < columns; ++c) {
                    const V sum = V::load(sums + (i * columns + c) * N);
                    const int at = i * outputs + c * N;
                    if (at + N <= parameters())
                        sum.store_unaligned(out + at);
                    else
                        sum.store_first(out + at, std::min(N, outputs - c * N));
                }
        } else if (!added) {
            for (int p = 0; p < parameters(); p += N) {
                V vectors[N];
                for (int n = 0; n < N; ++n) vectors[n] = V::load(sums + (p + n) * N);
                sums_of(vectors).store_unaligned(out + p);
            }
        }
    }

private:
    // The instructions of the two ways for one input: a shuffle counts twice, as only one unit does it.
    bool prefers_outputs_in_lanes(int vectors) const {
        int shuffles = 0;
        for (int n = N; n > 1; n /= 2) shuffles += columns * N * vectors;
        const int sums_across_lanes = 5 * outputs;
        return columns * N * vectors + 2 * shuffles / (inputs + 1) <
               outputs * vectors + sums_across_lanes;
    }

    // The lanes of each sum added, to a matrix of `stride` columns.
    template <std::size_t I, std::size_t J>
    static void add_lanes(const V (&sum)[I][J], T* to, int stride) {
        alignas(64) T tile[(I * J + N - 1) / N * N] = {};
        const V* flat = &sum[0][0];
        for (std::size_t k = 0; k < I * J; k += N) {
            V vectors[N];
            for (int n = 0; n < N; ++n) vectors[n] = k + n < I * J ? flat[k + n] : V(0);
            sums_of(vectors).store(tile + k);
        }
        for (std::size_t i = 0; i < I; ++i) std::copy_n(tile + i * J, J, to + i * stride);
    }

    // The rows `from` (N apart by R) as columns of `to`; rows from `count` on are taken as 0.
    static void transpose_columns(const T* from, int count, T* to, int width) {
        V square[N];
        if (count >= N) {
#pragma GCC unroll 16
            for (int n = 0; n < N; ++n) square[n] = V::load(from + n * R);
        } else {
            for (int n = 0; n < N; ++n) square[n] = n < count ? V::load(from + n * R) : V(0);
        }
        transpose_square<T>(square);
#pragma GCC unroll 16
        for (int n = 0; n < N; ++n) square[n].store(to + n * width);
    }
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
