// Training of networks of a few narrow layers, with rows across the lanes of a vector.
//
// Rows are kept in groups of eight vectors, each group feature by feature, so that one vector holds one feature of
// consecutive rows and all distances within a group are known at compile time. A block of groups that fits the
// first-level cache goes forward through all layers, then back; lanes.hpp has the kernels.
//
// With few inputs, one hidden layer and one output, loads and stores would outweigh this arithmetic; such a network
// has a forward and a backward pass of its own that keep a row in registers.
//
// Every sum has a fixed order, that of the rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "equations.hpp"
#include "lanes.hpp"
#include "random.hpp"
#include "trainer.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

template <class T>
class SmallTrainer final : public Trainer<T> {
public:
    SmallTrainer(const Architecture& architecture, const Settings& settings, const Rows<T>& data)
        : architecture_(architecture), settings_(settings), data_(data), inputs_(architecture.sizes.front()),
          targets_(architecture.sizes.back()) {
        int features = inputs_ + 1 + targets_ + 1;
        for (int l = 1; l <= architecture.layers(); ++l) {
            Layer layer;
            layer.number = l;
            layer.inputs = architecture.sizes[l - 1];
            layer.outputs = architecture.sizes[l];
            layer.activation = architecture.activations[l - 1];
            layer.activation_parameter = architecture.activation_parameters[l - 1];
            if (layer.activation != Architecture::kSoftmax)
                with_activation(layer, [&](auto activation) { layer.keeps_z = activation.needs_z; });
            const bool last = l == architecture.layers();
            layer.keeps_z = layer.keeps_z && !last;
            layer.keeps_mask = settings.dropout > 0 && !last;
            layer.first_parameter = parameter_count_;
            parameter_count_ += (layer.inputs + 1) * layer.outputs;
            features += (layer.outputs + 1) + (layer.keeps_z + layer.keeps_mask) * layer.outputs;
            layers_.push_back(std::move(layer));
        }
        const int most_rows = static_cast<int>(settings.batch_size);
        const int groups = std::max(1, (most_rows + R - 1) / R);
        // with many weights a second block would read and write all their sums once more, which costs more than
        // activations that come from the second-level cache
        const int cache = parameter_count_ > kManyParameters ? kSecondCacheBytes : kFirstCacheBytes;
        const int fitting = std::max(1, cache / (features * R * int(sizeof(T))));
        const int blocks = (groups + fitting - 1) / fitting;
        block_groups_ = (groups + blocks - 1) / blocks;
        one_block_ = blocks == 1;
        batch_ = AlignedArray<T>(std::size_t(groups) * batch_group_size());
        for (Layer& layer : layers_) {
            layer.a = AlignedArray<T>(std::size_t(block_groups_) * layer.group_size());
            for (int g = 0; g < block_groups_; ++g)
                std::fill_n(layer.a + g * layer.group_size() + layer.outputs * R, R, T(1));
            if (layer.keeps_z) layer.z = AlignedArray<T>(std::size_t(block_groups_) * layer.group_size());
            if (layer.keeps_mask) layer.mask = AlignedArray<T>(std::size_t(block_groups_) * layer.group_size());
            layer.columns = (layer.outputs + N - 1) / N;
            layer.outputs_in_lanes = prefers_outputs_in_lanes(layer, std::max(1, (most_rows + N - 1) / N));
            if (layer.outputs_in_lanes) {
                layer.sums = AlignedArray<T>(std::size_t(layer.inputs + 1) * layer.columns * N);
                widest_ = std::max(widest_, layer.columns * N);
            } else {
                // rounded up to whole groups of sums_of
                layer.sums = AlignedArray<T>(std::size_t((layer.inputs + 1) * layer.outputs + N - 1) / N * N * N);
            }
        }
        in_registers_ = layers_.size() == 2 && targets_ == 1 && inputs_ <= kMostInRegisters &&
                        !layers_[0].outputs_in_lanes && !layers_[0].keeps_mask;
        outputs_ = AlignedArray<T>(std::size_t(targets_) * R);
        transposed_ = AlignedArray<T>(std::size_t(R) * widest_);
        const std::size_t padded = parameter_count_ + 2 * N;  // whole vectors are read and written past the end
        parameters_ = AlignedArray<T>(padded);
        gradient_ = AlignedArray<T>(padded);
        for (AlignedArray<T>& slot : slots_) slot = AlignedArray<T>(padded);
        is_weight_ = AlignedArray<T>(padded);
        for (const Layer& layer : layers_)
            std::fill_n(is_weight_ + layer.first_parameter, layer.inputs * layer.outputs, T(1));
    }

    void load(const T* theta, const T* const* slots) override {
        std::copy_n(theta, parameter_count_, static_cast<T*>(parameters_));
        for (int s = 0; s < settings_.slots; ++s) std::copy_n(slots[s], parameter_count_, static_cast<T*>(slots_[s]));
    }

    void store(T* theta, T* const* slots) const override {
        std::copy_n(static_cast<const T*>(parameters_), parameter_count_, theta);
        if (!slots) return;
        for (int s = 0; s < settings_.slots; ++s)
            std::copy_n(static_cast<const T*>(slots_[s]), parameter_count_, slots[s]);
    }

    double step(const Step& step) override {
        const int rows = static_cast<int>(step.count);
        if (step.order || !batch_is_all_rows_) {
            gather(data_, step.order, 0, rows, batch_);
            batch_is_all_rows_ = !step.order;
        }
        step_ = step.number;
        scale_ = T(1 / step.weight_sum);
        double total = 0;
        for (int start = 0; start < rows; start += block_groups_ * R) {
            const Block block{batch_ + std::size_t(start / R) * batch_group_size(), start, std::min(block_groups_ * R, rows - start)};
            this->poll(std::size_t(block.rows) * parameter_count_);
            if (this->cut_short()) return 0;
            LossSum sum;
            if (in_registers_) {
                with_count<kMostInRegisters>(inputs_, [&](auto inputs) {
                    with_activation(layers_[0], [&](auto activation) {
                        // The loss is a long chain of dependent instructions, which the processor fills with the
                        // next group's forward pass.
                        for_groups(block, [&](int g, int vectors) {
                            forward_in_registers<inputs>(activation, block, g, vectors);
                            loss(block, g, vectors, data_.weight != nullptr, true, sum);
                        });
                        backward_in_registers<inputs>(activation, block);
                    });
                });
            } else {
                forward(block, settings_.dropout > 0);
                for_groups(block, [&](int g, int vectors) {
                    loss(block, g, vectors, data_.weight != nullptr, true, sum);
                });
                backward(block);
            }
            total += sum.result();
        }
        collect_gradient();
        return (data_.weight ? total : total / step.weight_sum) + update(step);
    }

    void predict(const T* X, std::size_t n, T* out) override {
        const Rows<T> rows{X, nullptr, nullptr, n};
        for_blocks(rows, [&](const Block& block, std::size_t first) {
            forward(block, false);
            const Layer& last = layers_.back();
            for_groups(block, [&](int g, int vectors) {
                T* z = last.a + g * last.group_size();
                activate_output(z, vectors);
                const int filled = std::min(R, block.rows - g * R);
                for (int r = 0; r < filled; ++r)
                    for (int k = 0; k < targets_; ++k) out[(first + g * R + r) * targets_ + k] = z[k * R + r];
            });
        });
    }

    double loss(const Rows<T>& rows) override {
        double total = 0, weight = 0;
        scale_ = 1;
        for_blocks(rows, [&](const Block& block, std::size_t) {
            LossSum sum;
            forward(block, false);
            for_groups(block, [&](int g, int vectors) {
                loss(block, g, vectors, rows.weight != nullptr, false, sum);
            });
            total += sum.result();
        });
        for (std::size_t i = 0; i < rows.n; ++i) weight += rows.weight ? double(rows.weight[i]) : 1.0;
        return total / weight;
    }

private:
    using V = Vec<T>;
    static constexpr int N = V::size, R = group_rows<T>;
    static constexpr int kFirstCacheBytes = 40 * 1024, kSecondCacheBytes = 512 * 1024;
    static constexpr int kManyParameters = 256;
    static constexpr int kMostInRegisters = 2;

    struct Layer {
        int number, inputs, outputs, activation, first_parameter, columns = 0;
        double activation_parameter;
        bool keeps_z = false, keeps_mask = false, outputs_in_lanes = false;
        AlignedArray<T> a;     // outputs, masked by dropout, then a row of ones for the next layer's biases; on the way
                               // back the slopes in z take the place of the outputs
        AlignedArray<T> z;     // before the activation, where its derivative needs that
        AlignedArray<T> mask;  // of dropout
        AlignedArray<T> sums;  // the gradient before its lanes are added or its padding dropped

        int group_size() const { return (outputs + 1) * R; }
    };

    // Consecutive rows of a batch. Of each group: the inputs, a row of ones, the targets, the rows' weights.
    struct Block {
        const T* inputs;
        int start;  // its first row's place in the batch
        int rows;
        bool first() const { return start == 0; }
        int vectors() const { return (rows + N - 1) / N; }
    };

    // The sum of many losses. Terms log1p(u) with 0 ≤ u ≤ 1 are kept as the product of all 1 + u, less 1: exact near 0,
    // where the losses are small, and within range for as many factors as are let in.
    struct LossSum {
        V total = 0, product = 0;
        int factors = 0;

        void limit_product(int new_factors) {
            factors += new_factors;
            if (factors > 64) take_logarithm();
        }
        void take_logarithm() {
            total += log1p(product);
            product = 0;
            factors = 0;
        }
        double result() {
            if (factors > 0) take_logarithm();
            return total.sum();
        }
    };

    int batch_group_size() const { return (inputs_ + 1 + targets_ + 1) * R; }

    template <class Body>
    static void with_activation(const Layer& layer, Body body) {
        equations::with_activation(layer.activation, layer.activation_parameter, body);
    }

    // The instructions of the two ways for one input: a shuffle counts twice, as only one unit does it.
    static bool prefers_outputs_in_lanes(const Layer& layer, int vectors) {
        int shuffles = 0;
        for (int n = N; n > 1; n /= 2) shuffles += layer.columns * N * vectors;
        const int sums_across_lanes = 5 * layer.outputs;
        return layer.columns * N * vectors + 2 * shuffles / (layer.inputs + 1) <
               layer.outputs * vectors + sums_across_lanes;
    }

    // Rows order[0 … count-1], or without an order `count` rows from `first`, feature by feature.
    void gather(const Rows<T>& rows, const std::int64_t* order, std::size_t first, int count, T* to) const {
        for (int start = 0; start < count; start += R, to += batch_group_size()) {
            T* target = to + (inputs_ + 1) * R;
            const int filled = std::min(R, count - start);
            for (int r = 0; r < filled; r += N) {
                const T* x[N];
                const int rows_here = std::min(N, filled - r);
                for (int n = 0; n < rows_here; ++n) {
                    const std::size_t at = start + r + n, row = order ? static_cast<std::size_t>(order[at]) : first + at;
                    x[n] = rows.X + row * inputs_;
                    for (int k = 0; k < targets_; ++k)
                        target[k * R + r + n] = rows.Y ? rows.Y[row * targets_ + k] : T(0);
                    to[inputs_ * R + r + n] = 1;
                    target[targets_ * R + r + n] = rows.weight ? rows.weight[row] : T(1);
                }
                if (rows_here == N && inputs_ >= N) {
                    for (int i = 0; i < inputs_; i += N) transpose_rows(x, std::min(i, inputs_ - N), to + r);
                } else {
                    for (int n = 0; n < rows_here; ++n)
                        for (int i = 0; i < inputs_; ++i) to[i * R + r + n] = x[n][i];
                }
            }
            // what fills up a vector is the last row again, with weight 0, which would not hide a loss that is inf or nan
            for (int r = filled; r < (filled + N - 1) / N * N; ++r) {
                for (int i = 0; i < inputs_ + 1 + targets_; ++i) to[i * R + r] = to[i * R + filled - 1];
                target[targets_ * R + r] = 0;
            }
        }
    }

    // Features i … i + N - 1 of N rows, each a vector of `to`; the last features may be written twice.
    static void transpose_rows(const T* const* x, int i, T* to) {
        V square[N];
#pragma GCC unroll 16
        for (int n = 0; n < N; ++n) square[n] = V::load_unaligned(x[n] + i);
        transpose_square<T>(square);
#pragma GCC unroll 16
        for (int n = 0; n < N; ++n) square[n].store(to + (i + n) * R);
    }

    // body(block, its first row) for rows that are no batch of the run.
    template <class Body>
    void for_blocks(const Rows<T>& rows, Body body) {
        const std::size_t size = std::size_t(block_groups_) * R;
        AlignedArray<T> group(std::size_t(block_groups_) * batch_group_size());
        for (std::size_t first = 0; first < rows.n && !this->cut_short(); first += size) {
            this->poll(size * parameter_count_);
            const int count = static_cast<int>(std::min(size, rows.n - first));
            gather(rows, nullptr, first, count, group);
            body(Block{group, 0, count}, first);
        }
    }

    // body(group, vectors in it) for the groups of a block.
    template <class Body>
    static void for_groups(const Block& block, Body body) {
        const int vectors = block.vectors();
        for (int g = 0; g * group_vectors < vectors; ++g)
            body(g, std::min(group_vectors, vectors - g * group_vectors));
    }

    void forward(const Block& block, bool drop) {
        const T* in = block.inputs;
        int in_size = batch_group_size();
        for (Layer& layer : layers_) {
            const bool last = layer.number == architecture_.layers();
            const T* w = parameters_ + layer.first_parameter;
            const T* start = w + layer.inputs * layer.outputs;
            auto pass = [&](auto activation) {
                using Activation = decltype(activation);
                for_groups(block, [&](int g, int vectors) {
                    T *a = layer.a + g * layer.group_size(), *z = layer.z + g * layer.group_size();
                    weighted_sums<false>(in + g * in_size, layer.inputs, w, start, layer.outputs, vectors,
                                         [=](V sum, int at) {
                                             if constexpr (Activation::needs_z) sum.store(z + at);
                                             activation.f(sum).store(a + at);
                                         });
                });
            };
            if (last)
                pass(equations::Identity{});  // what follows z belongs to the loss
            else
                with_activation(layer, pass);
            if (drop && !last) apply_dropout(layer, block);
            in = layer.a;
            in_size = layer.group_size();
        }
    }

    void apply_dropout(Layer& layer, const Block& block) {
        const auto threshold = static_cast<std::uint32_t>(settings_.dropout * 4294967296.0);
        const T scale = T(1 / (1 - settings_.dropout));
        const Philox philox(settings_.seed, layer.number, step_);
        draws_.resize(layer.outputs);
        for (int r = 0; r < block.rows; ++r) {
            philox.numbers(std::uint64_t(block.start + r) * layer.outputs, layer.outputs, draws_.data());
            const int at = r / R * layer.group_size() + r % R;
            for (int j = 0; j < layer.outputs; ++j) {
                const T kept = draws_[j] >= threshold ? scale : T(0);
                layer.mask[at + j * R] = kept;
                layer.a[at + j * R] *= kept;
            }
        }
        // the rows that fill up the last vector are the last row again, with its mask
        const int last = (block.rows - 1) / R * layer.group_size() + (block.rows - 1) % R;
        for (int r = block.rows; r < block.vectors() * N; ++r)
            for (int j = 0; j < layer.outputs; ++j) {
                const int at = r / R * layer.group_size() + r % R + j * R;
                layer.mask[at] = layer.mask[last + j * R];
                layer.a[at] = layer.a[last + j * R];
            }
    }

    void backward(const Block& block) {
        for (std::size_t l = layers_.size() - 1; l > 0; --l) {
            products(layers_[l], block, layers_[l - 1].a, layers_[l - 1].group_size());
            backward(layers_[l - 1], layers_[l], block);
        }
        products(layers_[0], block, block.inputs, batch_group_size());
    }

    // The slopes in the z of `below`, in the place of its outputs, from those in the z of `above`.
    void backward(Layer& below, const Layer& above, const Block& block) {
        const T* w = parameters_ + above.first_parameter;
        const T* none = nullptr;
        // undoes the mask's scale where a unit was kept; where it was not, the mask makes the slope 0 below
        if (below.keeps_mask) scale_outputs(below, block, [&](int) { return V(T(1 - settings_.dropout)); });
        with_activation(below, [&](auto activation) {
            using Activation = decltype(activation);
            for_groups(block, [&](int g, int vectors) {
                T *a = below.a + g * below.group_size(), *z = below.z + g * below.group_size();
                weighted_sums<true>(above.a + g * above.group_size(), above.outputs, w, none, above.inputs, vectors,
                                    [=](V sum, int at) {
                                        V kept_z = 0;
                                        if constexpr (Activation::needs_z) kept_z = V::load(z + at);
                                        activation.pull_back(sum, kept_z, V::load(a + at)).store(a + at);
                                    });
            });
        });
        if (below.keeps_mask) scale_outputs(below, block, [&](int at) { return V::load(below.mask + at); });
    }

    // Multiplies a layer's outputs, or the slopes in their place, by factor(place).
    template <class Factor>
    static void scale_outputs(Layer& layer, const Block& block, Factor factor) {
        for_groups(block, [&](int g, int vectors) {
            for (int j = 0; j < layer.outputs; ++j)
                for (int u = 0; u < vectors; ++u) {
                    const int at = g * layer.group_size() + j * R + u * N;
                    (V::load(layer.a + at) * factor(at)).store(layer.a + at);
                }
        });
    }

    void products(Layer& layer, const Block& block, const T* in, int in_size) {
        if (!layer.outputs_in_lanes) {
            const int outputs = layer.outputs;
            if (one_block_) {
                row_products<T>(in, in_size, layer.a, layer.group_size(), layer.inputs + 1, outputs, block.vectors(),
                                [](int, int) { return V(0); },
                                [&](const auto& sum, int i0, int j0) {
                                    add_lanes(sum, gradient_ + layer.first_parameter + i0 * outputs + j0, outputs);
                                });
                return;
            }
            T* sums = layer.sums;
            const bool first = block.first();
            row_products<T>(in, in_size, layer.a, layer.group_size(), layer.inputs + 1, outputs, block.vectors(),
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
        const int width = layer.columns * N;
        for_groups(block, [&](int g, int vectors) {
            const T* slopes = layer.a + g * layer.group_size();
            for (int c = 0; c < layer.columns; ++c)
                for (int u = 0; u < vectors; ++u)
                    transpose_columns(slopes + c * N * R + u * N, std::min(N, layer.outputs - c * N),
                                      transposed_ + u * N * width + c * N, width);
            row_outer<T>(in + g * in_size, transposed_, layer.inputs + 1, layer.columns, vectors * N,
                         block.first() && g == 0, layer.sums);
        });
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

    // Both layers of a network with K inputs and one output, one hidden unit after the other.
    template <int K, class Activation>
    void forward_in_registers(Activation activation, const Block& block, int g, int vectors) {
        const Layer &hidden = layers_[0], &last = layers_[1];
        const int units = hidden.outputs;
        const T *w1 = parameters_, *b1 = w1 + K * units, *w2 = parameters_ + last.first_parameter;
        in_pieces<tile_size / 4>(vectors, [&](auto tile, int u0) {
            constexpr int U = tile;
            const T* in = block.inputs + g * batch_group_size() + u0 * N;
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
                    V value = activation.f(z);
                    if constexpr (Activation::needs_z) z.store(kept_z + u * N);
                    value.store(a + u * N);
                    out[u] += V(w2[j]) * value;
                }
            }
            for (int u = 0; u < U; ++u) out[u].store(last.a + g * last.group_size() + (u0 + u) * N);
        });
    }

    template <int K, class Activation>
    void backward_in_registers(Activation activation, const Block& block) {
        const Layer &hidden = layers_[0], &last = layers_[1];
        const int units = hidden.outputs;
        const T* w2 = parameters_ + last.first_parameter;
        T *sums1 = hidden.sums, *sums2 = last.sums;
        if (block.first()) {
            std::fill_n(sums1, (K + 1) * units * N, T(0));
            std::fill_n(sums2, (units + 1) * N, T(0));
        }
        for_groups(block, [&](int g, int vectors) {
            in_pieces<tile_size / 4>(vectors, [&](auto tile, int u0) {
                constexpr int U = tile;
                const T* in = block.inputs + g * batch_group_size() + u0 * N;
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
                    V sum1[K + 1], sum2 = V::load(sums2 + j * N);
                    for (int k = 0; k <= K; ++k) sum1[k] = V::load(sums1 + (k * units + j) * N);
                    for (int u = 0; u < U; ++u) {
                        V value = V::load(a + j * R + u * N);
                        V z = Activation::needs_z ? V::load(kept_z + j * R + u * N) : V(0);
                        V below = activation.pull_back(slope[u] * V(w2[j]), z, value);
                        sum2 += slope[u] * value;
                        for (int k = 0; k < K; ++k) sum1[k] += below * x[k][u];
                        sum1[K] += below;
                    }
                    sum2.store(sums2 + j * N);
                    for (int k = 0; k <= K; ++k) sum1[k].store(sums1 + (k * units + j) * N);
                }
            });
        });
    }

    // Adds a group's losses to the sum and, to train, puts the slopes ∂ℓ/∂z · w/Σw in the place of the outputs. As in
    // NumPy's mean, losses of weighted rows count w/Σw, others 1 until their sum is divided.
    void loss(const Block& block, int g, int vectors, bool weighted, bool train, LossSum& sum) {
        const Layer& last = layers_.back();
        T* z = last.a + g * last.group_size();
        const T* y = block.inputs + g * batch_group_size() + (inputs_ + 1) * R;
        const T* weights = y + targets_ * R;
        const V share = weighted ? scale_ : T(1);
        if (architecture_.loss == Architecture::kCrossEntropy) {
            sum.total += cross_entropy(z, y, share, vectors);
        } else if (architecture_.loss_of_output) {
            sum.total += loss_of_output(z, y, share, vectors, train);
        } else {
            // vectors of rows that all count once, then the others
            const int plain = weighted ? 0 : std::max(0, std::min(vectors, (block.rows - g * R) / N));
            equations::with_loss(architecture_.loss, architecture_.loss_parameter, [&](auto loss) {
                for (int k = 0; k < targets_; ++k) {
                    plain_loss(loss, z + k * R, y + k * R, plain, sum);
                    sum.total += weighted_loss(loss, z + k * R, y + k * R, weights, share, plain, vectors);
                }
            });
        }
    }

    template <class Loss>
    void plain_loss(Loss loss, T* z_row, const T* y_row, int vectors, LossSum& sum) const {
        const V scale = scale_;
        LossSum local = sum;  // in registers: the stores below might change the other
        for (int u = 0; u < vectors * N; u += N) {
            const V z = V::load(z_row + u), y = V::load(y_row + u);
            if constexpr (Loss::has_log1p) {
                const V term = loss.u(z, y);
                local.total += loss.rest(z, y);
                local.product += local.product * term + term;
            } else {
                local.total += loss.value(z, y);
            }
            (loss.slope(z, y) * scale).store(z_row + u);
        }
        if constexpr (Loss::has_log1p) local.limit_product(vectors);
        sum = local;
    }

    template <class Loss>
    V weighted_loss(Loss loss, T* z_row, const T* y_row, const T* weights, V share, int first, int vectors) const {
        V total = 0;
        for (int u = first * N; u < vectors * N; u += N) {
            const V z = V::load(z_row + u), y = V::load(y_row + u), weight = V::load(weights + u);
            total += weight * share * loss.value(z, y);
            (weight * V(scale_) * loss.slope(z, y)).store(z_row + u);
        }
        return total;
    }

    V cross_entropy(T* z_rows, const T* y_rows, V share, int vectors) const {
        V total = 0;
        for (int u = 0; u < vectors * N; u += N) {
            T* z = z_rows + u;
            const T* y = y_rows + u;
            const V weight = V::load(y + targets_ * R), slope_weight = weight * V(scale_);
            total += weight * share *
                     equations::categorical_cross_entropy(
                         RowsAcrossLanes<T>{z, targets_}, RowsAcrossLanes<const T>{y, targets_},
                         [&](int k, V slope) { (slope_weight * slope).store(z + k * R); });
        }
        return total;
    }

    // A loss that takes the output a = g(z): its slope goes back through g.
    V loss_of_output(T* z_rows, const T* y_rows, V share, int vectors, bool train) {
        const Layer& last = layers_.back();
        V total = 0;
        std::copy_n(z_rows, targets_ * R, static_cast<T*>(outputs_));
        activate_output(outputs_, vectors);
        equations::with_loss(architecture_.loss, architecture_.loss_parameter, [&](auto loss) {
            for (int u = 0; u < vectors * N; u += N) {
                const V weight = V::load(y_rows + targets_ * R + u), slope_weight = weight * V(scale_);
                const RowsAcrossLanes<T> z{z_rows + u, targets_}, a{outputs_ + u, targets_};
                const RowsAcrossLanes<const T> y{y_rows + u, targets_};
                for (int k = 0; k < targets_; ++k) total += weight * share * loss.value(a(k), y(k));
                if (!train) continue;
                auto da = [&](int k) { return loss.slope(a(k), y(k)); };
                if (last.activation == Architecture::kSoftmax) {
                    equations::d_softmax(z, a, da, [&](int k, V dz) { (slope_weight * dz).store(z.at + k * R); });
                } else {
                    with_activation(last, [&](auto activation) {
                        for (int k = 0; k < targets_; ++k)
                            activation.pull_back(slope_weight * da(k), z(k), a(k)).store(z.at + k * R);
                    });
                }
            }
        });
        return total;
    }

    // a = g(z) of the output layer, in place, for one group.
    void activate_output(T* z_rows, int vectors) const {
        const Layer& last = layers_.back();
        if (last.activation != Architecture::kSoftmax) {
            with_activation(last, [&](auto activation) {
                for (int k = 0; k < targets_; ++k)
                    for (int u = 0; u < vectors * N; u += N)
                        activation.f(V::load(z_rows + k * R + u)).store(z_rows + k * R + u);
            });
            return;
        }
        for (int u = 0; u < vectors * N; u += N)
            equations::softmax(RowsAcrossLanes<T>{z_rows + u, targets_},
                               [&](int k, V a) { a.store(z_rows + u + k * R); });
    }

    // The gradient in theta's layout.
    void collect_gradient() {
        // whole vectors are written, so a row may spill over into the next ones, which come later; none out of its layer
        for (const Layer& layer : layers_) {
            T* out = gradient_ + layer.first_parameter;
            if (layer.outputs_in_lanes) {
                for (int i = 0; i <= layer.inputs; ++i)
                    for (int c = 0; c < layer.columns; ++c) {
                        const V sum = V::load(layer.sums + (i * layer.columns + c) * N);
                        const int at = i * layer.outputs + c * N;
                        if (at + N <= (layer.inputs + 1) * layer.outputs)
                            sum.store_unaligned(out + at);
                        else
                            sum.store_first(out + at, std::min(N, layer.outputs - c * N));
                    }
            } else if (!one_block_ || in_registers_) {
                for (int p = 0; p < (layer.inputs + 1) * layer.outputs; p += N) {
                    V sums[N];
                    for (int n = 0; n < N; ++n) sums[n] = V::load(layer.sums + (p + n) * N);
                    sums_of(sums).store_unaligned(out + p);
                }
            }
        }
        for (int p = parameter_count_; p < parameter_count_ + 2 * N; ++p) gradient_[p] = 0;
    }

    // Penalties, clipping and the recurrence; returns the penalty before the update.
    double update(const Step& step) {
        const int vectors = (parameter_count_ + N - 1) / N;
        double penalty = 0;
        if (settings_.l1 > 0 || settings_.l2 > 0) {
            const double share = settings_.divide_penalty ? 1 / step.weight_sum : 1;
            const V l1 = T(settings_.l1 * share), l2 = T(settings_.l2 * share);
            V total = 0;
            for (int p = 0; p < vectors * N; p += N) {
                const V w = V::load(parameters_ + p), weight = V::load(is_weight_ + p);
                total += weight * equations::penalty(w, l1, l2);
                const V g = V::load(gradient_ + p) + weight * equations::d_penalty(w, l1, l2);
                g.store(gradient_ + p);
            }
            penalty = total.sum();
        }
        T scale = 1;
        if (settings_.clip_norm > 0) {
            V squares = 0;
            for (int p = 0; p < vectors * N; p += N) {
                const V g = V::load(gradient_ + p);
                squares += g * g;
            }
            const double norm = std::sqrt(double(squares.sum()));
            if (norm > settings_.clip_norm) scale = T(settings_.clip_norm / norm);
        }
        equations::with_update<V>(settings_.update, step.number + 1, step.constants, [&](auto recurrence) {
            using Recurrence = decltype(recurrence);
            const V scales = scale;
            for (int p = 0; p < vectors * N; p += N) {
                V w = V::load(parameters_ + p), first = 0, second = 0;
                if constexpr (Recurrence::slots > 0) first = V::load(slots_[0] + p);
                if constexpr (Recurrence::slots > 1) second = V::load(slots_[1] + p);
                recurrence(w, V::load(gradient_ + p) * scales, first, second);
                w.store(parameters_ + p);
                if constexpr (Recurrence::slots > 0) first.store(slots_[0] + p);
                if constexpr (Recurrence::slots > 1) second.store(slots_[1] + p);
            }
        });
        return penalty;
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

    const Architecture architecture_;
    const Settings settings_;
    const Rows<T> data_;
    int inputs_, targets_, parameter_count_ = 0, block_groups_ = 0, widest_ = 0;
    bool in_registers_ = false, one_block_ = false, batch_is_all_rows_ = false;
    long step_ = 0;
    T scale_ = 1;  // 1/Σw of the batch
    std::vector<Layer> layers_;
    AlignedArray<T> batch_, transposed_, parameters_, gradient_, slots_[2], is_weight_;
    std::vector<std::uint32_t> draws_;
    AlignedArray<T> outputs_;  // of one group, for a loss that takes them
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
