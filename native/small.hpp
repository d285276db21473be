// Training of networks of a few narrow layers, with rows across the lanes of a vector.
//
// Rows are kept in groups of eight vectors, each group feature by feature, so that one vector holds one feature of
// consecutive rows and all distances within a group are known at compile time. A block of groups that fits the
// first-level cache goes forward through all layers, then back; lanes.hpp has the kernels.
//
// Every sum has a fixed order, that of the rows.
#pragma once

#include <algorithm>
#include <vector>

#include "equations.hpp"
#include "lanes.hpp"
#include "random.hpp"
#include "small_in_registers.hpp"
#include "small_layer.hpp"
#include "small_output.hpp"
#include "small_parameters.hpp"
#include "small_rows.hpp"
#include "trainer.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

template <class T>
class SmallTrainer final : public Trainer<T> {
public:
    SmallTrainer(const Architecture& architecture, const Settings& settings, const Rows<T>& data)
        : settings_(settings), data_(data), inputs_(architecture.sizes.front()), targets_(architecture.sizes.back()),
          layout_{inputs_, targets_}, parameters_(architecture, settings), output_(architecture, layout_) {
        int features = inputs_ + 1 + targets_ + 1, first_parameter = 0;
        for (int l = 1; l <= architecture.layers(); ++l) {
            const Layer& layer = layers_.emplace_back(architecture, settings.dropout > 0, l, first_parameter);
            first_parameter += layer.parameters();
            features += layer.features();
        }
        const int most_rows = static_cast<int>(settings.batch_size);
        const int groups = std::max(1, (most_rows + R - 1) / R);
        // with many weights a second block would read and write all their sums once more, which costs more than
        // activations that come from the second-level cache
        const int cache = parameters_.count() > kManyParameters ? kSecondCacheBytes : kFirstCacheBytes;
        const int fitting = std::max(1, cache / (features * R * int(sizeof(T))));
        const int blocks = (groups + fitting - 1) / fitting;
        block_groups_ = (groups + blocks - 1) / blocks;
        one_block_ = blocks == 1;
        batch_ = AlignedArray<T>(std::size_t(groups) * layout_.group_size());
        int widest = 0;
        for (Layer& layer : layers_) {
            layer.allocate(block_groups_, most_rows);
            if (layer.outputs_in_lanes) widest = std::max(widest, layer.columns * N);
        }
        in_registers_ = layers_.size() == 2 && targets_ == 1 && inputs_ <= kMostInRegisters &&
                        !layers_[0].outputs_in_lanes && !layers_[0].keeps_mask;
        transposed_ = AlignedArray<T>(std::size_t(R) * widest);
    }

    void load(const T* theta, const T* const* slots, T*, T* const*) override { parameters_.load(theta, slots); }
    void store(T* theta, T* const* slots) const override { parameters_.store(theta, slots); }

    double step(const Step& step) override {
        const int rows = static_cast<int>(step.count);
        const bool all_rows = !step.order || step.same_rows;
        if (!all_rows || !batch_is_all_rows_) {
            layout_.gather(data_, step.order, 0, rows, batch_);
            batch_is_all_rows_ = all_rows;
        }
        Upcoming<T> upcoming;
        if (data_.n * inputs_ * sizeof(T) > kSecondCacheBytes) upcoming = {data_, step, inputs_, targets_};
        const Weighing<T> weighing{data_.weight != nullptr, T(1 / step.weight_sum)};
        double total = 0;
        for (int start = 0; start < rows; start += block_groups_ * R) {
            const Block block{batch_ + std::size_t(start / R) * layout_.group_size(), start,
                              std::min(block_groups_ * R, rows - start)};
            this->poll(std::size_t(block.rows) * parameters_.count());
            if (this->cut_short()) return 0;
            LossSum<T> sum;
            if (in_registers_) {
                with_passes([&](auto passes, auto activation) {
                    // The loss is a long chain of dependent instructions, which the processor fills with the next
                    // group's forward pass.
                    block.for_groups([&](int g, int vectors) {
                        passes.forward(activation, block, g, vectors);
                        loss(block, g, vectors, weighing, true, sum);
                    });
                    passes.backward(activation, block);
                });
            } else {
                forward(block, settings_.dropout > 0, step.number, upcoming);
                block.for_groups([&](int g, int vectors) { loss(block, g, vectors, weighing, true, sum); });
                backward(block);
            }
            total += sum.result();
        }
        if (in_registers_) with_passes([](auto passes, auto activation) { passes.finish(activation); });
        for (const Layer& layer : layers_) layer.collect(one_block_ && !in_registers_, parameters_.gradient());
        return (data_.weight ? total : total / step.weight_sum) + parameters_.update(step);
    }

    void predict(const Rows<T>& rows, T* out) override {
        for_blocks(rows, [&](const Block& block, std::size_t first) {
            Upcoming<T> none;
            forward(block, false, 0, none);
            block.for_groups([&](int g, int vectors) {
                T* z = z_of_output(g);
                output_.activate(z, vectors);
                const int filled = std::min(R, block.rows - g * R);
                for (int r = 0; r < filled; ++r)
                    for (int k = 0; k < targets_; ++k) out[(first + g * R + r) * targets_ + k] = z[k * R + r];
            });
        });
    }

    double loss(const Rows<T>& rows) override {
        double total = 0, weight = 0;
        for_blocks(rows, [&](const Block& block, std::size_t) {
            LossSum<T> sum;
            Upcoming<T> none;
            forward(block, false, 0, none);
            block.for_groups([&](int g, int vectors) { loss(block, g, vectors, {rows.weight != nullptr, 1}, false, sum); });
            total += sum.result();
        });
        for (std::size_t i = 0; i < rows.n; ++i) weight += rows.weight ? double(rows.weight[i]) : 1.0;
        return total / weight;
    }

private:
    using V = Vec<T>;
    using Layer = SmallLayer<T>;
    using Block = RowBlock<T>;
    static constexpr int N = V::size, R = group_rows<T>;
    static constexpr int kFirstCacheBytes = 40 * 1024, kSecondCacheBytes = 512 * 1024;
    static constexpr int kManyParameters = 256;
    static constexpr int kMostInRegisters = 2;

    // body(block, its first row) for rows that are no batch of the run.
    template <class Body>
    void for_blocks(const Rows<T>& rows, Body body) {
        const std::size_t size = std::size_t(block_groups_) * R;
        AlignedArray<T> groups(std::size_t(block_groups_) * layout_.group_size());
        for (std::size_t first = 0; first < rows.n && !this->cut_short(); first += size) {
            this->poll(size * parameters_.count());
            const int count = static_cast<int>(std::min(size, rows.n - first));
            layout_.gather(rows, nullptr, first, count, groups);
            body(Block{groups, 0, count}, first);
        }
    }

    // body(the passes in registers, the hidden layer's activation)
    template <class Body>
    void with_passes(Body body) const {
        with_count<kMostInRegisters>(inputs_, [&](auto inputs) {
            const InRegisters<T, inputs> passes{layers_[0], layers_[1], parameters_.theta(), layout_.group_size()};
            layers_[0].with_activation([&](auto activation) { body(passes, activation); });
        });
    }

    T* z_of_output(int g) const { return layers_.back().a + g * layers_.back().group_size(); }

    void loss(const Block& block, int g, int vectors, Weighing<T> weighing, bool train, LossSum<T>& sum) {
        output_.loss(block, g, vectors, z_of_output(g), weighing, train, sum);
    }

    void forward(const Block& block, bool drop, long step, Upcoming<T>& upcoming) {
        const T* in = block.groups;
        int in_size = layout_.group_size();
        for (Layer& layer : layers_) {
            const bool last = &layer == &layers_.back();
            const T* w = parameters_.theta() + layer.first_parameter;
            const T* start = w + layer.inputs * layer.outputs;
            const int rows_at_once = &layer == &layers_.front() ? R / layer.outputs + 1 : 0;
            auto pass = [&](auto activation) {
                using Activation = decltype(activation);
                block.for_groups([&](int g, int vectors) {
                    T *a = layer.a + g * layer.group_size(), *z = layer.z + g * layer.group_size();
                    weighted_sums<false>(in + g * in_size, layer.inputs, w, start, layer.outputs, vectors,
                                         [=, &upcoming](V sum, int at) {
                                             if (at % R == 0) upcoming.fetch(rows_at_once);
                                             if constexpr (Activation::needs_z) sum.store(z + at);
                                             activation.f(sum).store(a + at);
                                         });
                });
            };
            if (last)
                pass(equations::Identity{});  // what follows z belongs to the loss
            else
                layer.with_activation(pass);
            if (drop && !last)
                layer.apply_dropout(block, {settings_.dropout, settings_.seed, layer.number, step, layer.outputs});
            in = layer.a;
            in_size = layer.group_size();
        }
    }

    void backward(const Block& block) {
        for (std::size_t l = layers_.size() - 1; l > 0; --l) {
            add_products(layers_[l], block, layers_[l - 1].a, layers_[l - 1].group_size());
            backward(layers_[l - 1], layers_[l], block);
        }
        add_products(layers_[0], block, block.groups, layout_.group_size());
    }

    void add_products(Layer& layer, const Block& block, const T* in, int in_size) {
        layer.products(block, in, in_size, one_block_, parameters_.gradient(), transposed_);
    }

    // The slopes in the z of `below`, in the place of its outputs, from those in the z of `above`.
    void backward(Layer& below, const Layer& above, const Block& block) {
        const T* w = parameters_.theta() + above.first_parameter;
        const T* none = nullptr;
        // undoes the mask's scale where a unit was kept; where it was not, the mask makes the slope 0 below
        if (below.keeps_mask) below.scale_outputs(block, [&](int) { return V(T(1 - settings_.dropout)); });
        below.with_activation([&](auto activation) {
            using Activation = decltype(activation);
            block.for_groups([&](int g, int vectors) {
                T *a = below.a + g * below.group_size(), *z = below.z + g * below.group_size();
                weighted_sums<true>(above.a + g * above.group_size(), above.outputs, w, none, above.inputs, vectors,
                                    [=](V sum, int at) {
                                        V kept_z = 0;
                                        if constexpr (Activation::needs_z) kept_z = V::load(z + at);
                                        activation.pull_back(sum, kept_z, V::load(a + at)).store(a + at);
                                    });
            });
        });
        if (below.keeps_mask) below.scale_outputs(block, [&](int at) { return V::load(below.mask + at); });
    }

    const Settings settings_;
    const Rows<T> data_;
    const int inputs_, targets_;
    const BatchLayout<T> layout_;
    int block_groups_ = 0;
    bool in_registers_ = false, one_block_ = false, batch_is_all_rows_ = false;
    SmallParameters<T> parameters_;
    SmallOutput<T> output_;
    std::vector<Layer> layers_;
    AlignedArray<T> batch_, transposed_;
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
