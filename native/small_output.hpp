// The output layer of a small network: its activation, its loss and the slopes of the loss, one group of rows at a time.
#pragma once

#include <algorithm>

#include "equations.hpp"
#include "lanes.hpp"
#include "small_rows.hpp"
#include "trainer.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

// The sum of many losses. Terms log1p(u) with 0 ≤ u ≤ 1 are kept as the product of all 1 + u, less 1: exact near 0,
// where the losses are small, and within range for as many factors as are let in.
template <class T>
struct LossSum {
    using V = Vec<T>;
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

// How rows count in the mean: by their weights, or once each.
template <class T>
struct Weighing {
    bool weighted;
    T scale;  // 1/Σw

    T share() const { return weighted ? scale : T(1); }
};

template <class T>
class SmallOutput {
public:
    SmallOutput(const Architecture& architecture, BatchLayout<T> layout)
        : architecture_(architecture), layout_(layout), targets_(layout.targets),
          activation_(architecture.activations.back()), outputs_(std::size_t(targets_) * R) {}

    // Adds a group's losses to the sum and, to train, puts the slopes ∂ℓ/∂z · w/Σw in the place of the outputs. As in
    // NumPy's mean, losses of weighted rows count w/Σw, others 1 until their sum is divided.
    void loss(const RowBlock<T>& block, int g, int vectors, T* z, Weighing<T> weighing, bool train, LossSum<T>& sum) {
        const T* y = block.groups + g * layout_.group_size() + layout_.first_target();
        if (architecture_.loss == Architecture::kCrossEntropy) {
            sum.total += cross_entropy(z, y, weighing, vectors);
        } else if (architecture_.loss_of_output) {
            sum.total += loss_of_output(z, y, weighing, vectors, train);
        } else {
            // vectors of rows that all count once, then the others
            const int plain = weighing.weighted ? 0 : std::max(0, std::min(vectors, (block.rows - g * R) / N));
            equations::with_loss(architecture_.loss, architecture_.loss_parameter, [&](auto loss) {
                for (int k = 0; k < targets_; ++k) {
                    plain_loss(loss, z + k * R, y + k * R, weighing.scale, plain, sum);
                    sum.total += weighted_loss(loss, z + k * R, y + k * R, y + targets_ * R, weighing, plain, vectors);
                }
            });
        }
    }

    // a = g(z) of the output layer, in place, for one group.
    void activate(T* z_rows, int vectors) const {
        if (activation_ != Architecture::kSoftmax) {
            with_activation([&](auto activation) {
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

private:
    using V = Vec<T>;
    static constexpr int N = V::size, R = group_rows<T>;

    template <class Body>
    void with_activation(Body body) const {
        equations::with_activation(activation_, architecture_.activation_parameters.back(), body);
    }

    template <class Loss>
    void plain_loss(Loss loss, T* z_row, const T* y_row, V scale, int vectors, LossSum<T>& sum) const {
        LossSum<T> local = sum;  // in registers: the stores below might change the other
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
    V weighted_loss(Loss loss, T* z_row, const T* y_row, const T* weights, Weighing<T> weighing, int first,
                    int vectors) const {
        const V share = weighing.share(), scale = weighing.scale;
        V total = 0;
        for (int u = first * N; u < vectors * N; u += N) {
            const V z = V::load(z_row + u), y = V::load(y_row + u), weight = V::load(weights + u);
            total += weight * share * loss.value(z, y);
            (weight * scale * loss.slope(z, y)).store(z_row + u);
        }
        return total;
    }

    V cross_entropy(T* z_rows, const T* y_rows, Weighing<T> weighing, int vectors) const {
        const V share = weighing.share(), scale = weighing.scale;
        V total = 0;
        for (int u = 0; u < vectors * N; u += N) {
            T* z = z_rows + u;
            const T* y = y_rows + u;
            const V weight = V::load(y + targets_ * R), slope_weight = weight * scale;
            total += weight * share *
                     equations::categorical_cross_entropy(
                         RowsAcrossLanes<T>{z, targets_}, RowsAcrossLanes<const T>{y, targets_},
                         [&](int k, V slope) { (slope_weight * slope).store(z + k * R); });
        }
        return total;
    }

    // A loss that takes the output a = g(z): its slope goes back through g.
    V loss_of_output(T* z_rows, const T* y_rows, Weighing<T> weighing, int vectors, bool train) {
        const V share = weighing.share(), scale = weighing.scale;
        V total = 0;
        std::copy_n(z_rows, targets_ * R, static_cast<T*>(outputs_));
        activate(outputs_, vectors);
        equations::with_loss(architecture_.loss, architecture_.loss_parameter, [&](auto loss) {
            for (int u = 0; u < vectors * N; u += N) {
                const V weight = V::load(y_rows + targets_ * R + u), slope_weight = weight * scale;
                const RowsAcrossLanes<T> z{z_rows + u, targets_}, a{outputs_ + u, targets_};
                const RowsAcrossLanes<const T> y{y_rows + u, targets_};
                for (int k = 0; k < targets_; ++k) total += weight * share * loss.value(a(k), y(k));
                if (!train) continue;
                auto da = [&](int k) { return loss.slope(a(k), y(k)); };
                if (activation_ == Architecture::kSoftmax) {
                    equations::d_softmax(z, a, da, [&](int k, V dz) { (slope_weight * dz).store(z.at + k * R); });
                } else {
                    with_activation([&](auto activation) {
                        for (int k = 0; k < targets_; ++k)
                            activation.pull_back(slope_weight * da(k), z(k), a(k)).store(z.at + k * R);
                    });
                }
            }
        });
        return total;
    }

    const Architecture architecture_;
    const BatchLayout<T> layout_;
    const int targets_, activation_;
    AlignedArray<T> outputs_;  // of one group, for a loss that takes them
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
