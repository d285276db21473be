// The output layer of a wide network, one row at a time: its activation, its loss and the slopes of the loss.
#pragma once

#include "equations.hpp"
#include "tiles.hpp"
#include "trainer.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

template <class T>
struct WideOutput {
    const Architecture architecture;

    // The loss of one row; its z becomes weight · ∂ℓ/∂z, padding 0.
    T slopes(const PanelRow<T>& row, const T* y, T weight, T* scratch) const {
        const V scale = weight;
        const PanelRow<const T> target{y, kWidth, row.units};
        if (architecture.loss == Architecture::kCrossEntropy)
            return equations::categorical_cross_entropy(row, target,
                                                        [&](int v, V slope) { (slope * scale).store(row.at(v)); });
        V total = 0;
        equations::with_loss(architecture.loss, architecture.loss_parameter, [&](auto loss) {
            if (!architecture.loss_of_output) {
                for (int v = 0; v < row.size(); ++v) {
                    const V z = row(v);
                    total += row.within(v, loss.value(z, target(v)));
                    row.within(v, loss.slope(z, target(v)) * scale).store(row.at(v));
                }
                return;
            }
            T* kept_z = scratch;
            for (int v = 0; v < row.size(); ++v) row(v).store(kept_z + v * kLanes);
            activate(row);
            for (int v = 0; v < row.size(); ++v) total += row.within(v, loss.value(row(v), target(v)));
            auto da = [&](int v) { return loss.slope(row(v), target(v)); };
            if (architecture.activations.back() == Architecture::kSoftmax) {
                equations::d_softmax(row, row, da, [&](int v, V dz) { row.within(v, dz * scale).store(row.at(v)); });
                return;
            }
            with_activation([&](auto activation) {
                for (int v = 0; v < row.size(); ++v) {
                    const V dz = activation.pull_back(da(v), V::load(kept_z + v * kLanes), row(v));
                    row.within(v, dz * scale).store(row.at(v));
                }
            });
        });
        return total.sum();
    }

    void activate(const PanelRow<T>& row) const {
        if (architecture.activations.back() == Architecture::kSoftmax) {
            equations::softmax(row, [&](int v, V a) { a.store(row.at(v)); });
            return;
        }
        with_activation([&](auto activation) {
            for (int v = 0; v < row.size(); ++v) activation.f(row(v)).store(row.at(v));
        });
    }

private:
    using V = Vec<T>;
    static constexpr int kLanes = V::size, kWidth = panel_width<T>;

    template <class Body>
    void with_activation(Body body) const {
        equations::with_activation(architecture.activations.back(), architecture.activation_parameters.back(), body);
    }
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
