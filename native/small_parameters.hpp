// The parameters of a small network in theta's layout, with their gradient and the optimizer's slots.
#pragma once

#include <algorithm>

#include "equations.hpp"
#include "lanes.hpp"
#include "trainer.hpp"
#include "update.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

template <class T>
class SmallParameters {
public:
    SmallParameters(const Architecture& architecture, const Settings& settings)
        : settings_(settings), count_(static_cast<int>(architecture.parameters())), theta_(padded()), gradient_(padded()),
          is_weight_(padded()) {
        for (AlignedArray<T>& slot : slots_) slot = AlignedArray<T>(padded());
        int first = 0;
        for (int l = 1; l <= architecture.layers(); ++l) {
            const int inputs = architecture.sizes[l - 1], outputs = architecture.sizes[l];
            std::fill_n(is_weight_ + first, inputs * outputs, T(1));
            first += (inputs + 1) * outputs;
        }
    }

    int count() const { return count_; }
    const T* theta() const { return theta_; }
    T* gradient() { return gradient_; }

    void load(const T* theta, const T* const* slots) {
        std::copy_n(theta, count_, static_cast<T*>(theta_));
        for (int s = 0; s < settings_.slots; ++s) std::copy_n(slots[s], count_, static_cast<T*>(slots_[s]));
    }

    void store(T* theta, T* const* slots) const {
        std::copy_n(static_cast<const T*>(theta_), count_, theta);
        if (!slots) return;
        for (int s = 0; s < settings_.slots; ++s) std::copy_n(static_cast<const T*>(slots_[s]), count_, slots[s]);
    }

    // Penalties, clipping and the recurrence; returns the penalty before the update.
    double update(const Step& step) {
        const int end = (count_ + N - 1) / N * N;
        std::fill_n(gradient_ + count_, 2 * N, T(0));
        double penalty = 0;
        if (settings_.l1 > 0 || settings_.l2 > 0) {
            const Penalties penalties(settings_, step.weight_sum);
            const V l1 = T(penalties.l1), l2 = T(penalties.l2);
            V total = 0;
            for (int p = 0; p < end; p += N) {
                const V w = V::load(theta_ + p), weight = V::load(is_weight_ + p);
                total += weight * equations::penalty(w, l1, l2);
                const V g = V::load(gradient_ + p) + weight * equations::d_penalty(w, l1, l2);
                g.store(gradient_ + p);
            }
            penalty = total.sum();
        }
        V squares = 0;
        if (settings_.clip_norm > 0)
            for (int p = 0; p < end; p += N) squares += V::load(gradient_ + p) * V::load(gradient_ + p);
        const V scale = T(clip_scale(squares.sum(), settings_.clip_norm));
        equations::with_update<V>(settings_.update, step.number + 1, step.constants, [&](auto recurrence) {
            for (int p = 0; p < end; p += N)
                update_vector(recurrence, V::load(gradient_ + p) * scale, theta_ + p, slots_[0] + p, slots_[1] + p);
        });
        return penalty;
    }

private:
    using V = Vec<T>;
    static constexpr int N = V::size;

    std::size_t padded() const { return count_ + 2 * N; }  // whole vectors are read and written past the end

    const Settings settings_;
    const int count_;
    AlignedArray<T> theta_, gradient_, slots_[2], is_weight_;
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
