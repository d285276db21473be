// The passes of a network with few inputs, one hidden layer and one output. Loads and stores would outweigh its arithmetic,
// so a row stays in registers while one hidden unit follows the other.
#pragma once

#include <algorithm>

#include "lanes.hpp"
#include "small_layer.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

// K inputs. The sums over the rows of slope · g'(z) · (x, 1) give dW1 and db1 when multiplied by w2. Where g(z) = g'(z) · z
// they give dW2 as well, multiplied by (W1, b1); with masked additions it is then faster to compute z twice than to keep a.
template <class T, int K>
struct InRegisters {
    const SmallLayer<T>&hidden, &last;
    const T* parameters;
    int group_size;  // of the batch

    template <class Activation>
    void forward(Activation activation, const RowBlock<T>& block, int g, int vectors) const {
        const int units = hidden.outputs;
        const T *w1 = parameters, *b1 = w1 + K * units, *w2 = parameters + last.first_parameter;
        in_pieces<tile_size / 4>(vectors, [&](auto tile, int u0) {
            constexpr int U = tile;
            const T* in = block.groups + g * group_size + u0 * N;
            T* a = hidden.a + g * hidden.group_size() + u0 * N;
            T* kept_z = hidden.z + g * hidden.group_size() + u0 * N;
            V x[K][U], out[U];
            for (int u = 0; u < U; ++u) {
                for (int k = 0; k < K; ++k) x[k][u] = V::load(in + k * R + u * N);
                out[u] = w2[units];
            }
            for (int j = 0; j < units; ++j, a += R, kept_z += R) {
                for (int u = 0; u < U; ++u) {
                    V z = b1[j];
                    for (int k = 0; k < K; ++k) z += V(w1[k * units + j]) * x[k][u];
                    const V value = activation.f(z);
                    if constexpr (!z_twice<Activation>) {
                        if constexpr (Activation::needs_z) z.store(kept_z + u * N);
                        value.store(a + u * N);
                    }
                    out[u] += V(w2[j]) * value;
                }
            }
            for (int u = 0; u < U; ++u) out[u].store(last.a + g * last.group_size() + (u0 + u) * N);
        });
    }

    template <class Activation>
    void backward(Activation activation, const RowBlock<T>& block) const {
        const int units = hidden.outputs;
        const T *w1 = parameters, *b1 = w1 + K * units;
        T *sums1 = hidden.sums, *sums2 = last.sums;
        if (block.first()) {
            std::fill_n(sums1, (K + 1) * units * N, T(0));
            std::fill_n(sums2, (units + 1) * N, T(0));
        }
        block.for_groups([&](int g, int vectors) {
            in_pieces<tile_size / 4>(vectors, [&](auto tile, int u0) {
                constexpr int U = tile;
                const T* in = block.groups + g * group_size + u0 * N;
                const T* a = hidden.a + g * hidden.group_size() + u0 * N;
                const T* kept_z = hidden.z + g * hidden.group_size() + u0 * N;
                V x[K][U], slope[U], bias = V::load(sums2 + units * N);
                for (int u = 0; u < U; ++u) {
                    for (int k = 0; k < K; ++k) x[k][u] = V::load(in + k * R + u * N);
                    slope[u] = V::load(last.a + g * last.group_size() + (u0 + u) * N);
                    bias += slope[u];
                }
                bias.store(sums2 + units * N);
                for (int j = 0; j < units; ++j) {
                    V sum1[K + 1];
                    for (int k = 0; k <= K; ++k) sum1[k] = V::load(sums1 + (k * units + j) * N);
                    if constexpr (z_twice<Activation>) {
                        for (int u = 0; u < U; ++u) {
                            V z = b1[j];
                            for (int k = 0; k < K; ++k) z += V(w1[k * units + j]) * x[k][u];
                            const V value = activation.f(z);
                            for (int k = 0; k < K; ++k)
                                sum1[k] = activation.add_pull_back(sum1[k], slope[u] * x[k][u], z, value);
                            sum1[K] = activation.add_pull_back(sum1[K], slope[u], z, value);
                        }
                    } else {
                        V sum2 = V::load(sums2 + j * N);
                        for (int u = 0; u < U; ++u) {
                            const V value = V::load(a + j * R + u * N);
                            const V z = Activation::needs_z ? V::load(kept_z + j * R + u * N) : V(0);
                            const V below = activation.pull_back(slope[u], z, value);
                            for (int k = 0; k < K; ++k) sum1[k] += below * x[k][u];
                            sum1[K] += below;
                            sum2 += slope[u] * value;
                        }
                        sum2.store(sums2 + j * N);
                    }
                    for (int k = 0; k <= K; ++k) sum1[k].store(sums1 + (k * units + j) * N);
                }
            });
        });
    }

    // Makes the gradient of the sums, after the last block.
    template <class Activation>
    void finish(Activation) const {
        const T* w2 = parameters + last.first_parameter;
        for (int j = 0; j < hidden.outputs; ++j) {
            V sum2 = 0;
            for (int k = 0; k <= K; ++k) {
                const int at = k * hidden.outputs + j;
                const V sum = V::load(hidden.sums + at * N);
                sum2 += V(parameters[at]) * sum;
                (V(w2[j]) * sum).store(hidden.sums + at * N);
            }
            if constexpr (z_twice<Activation>) sum2.store(last.sums + j * N);
        }
    }

private:
    using V = Vec<T>;
    static constexpr int N = V::size, R = group_rows<T>;
    template <class Activation>
    static constexpr bool z_twice = Activation::homogeneous && vector_bytes == 64;
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
