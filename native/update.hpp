// What the kernels share of a step's update: the penalties of a batch, the scale of clipping, the recurrence on a vector.
#pragma once

#include <algorithm>
#include <cmath>

#include "simd.hpp"
#include "trainer.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

// l1 and l2 for a batch whose weights sum to weight_sum.
struct Penalties {
    double l1 = 0, l2 = 0;

    Penalties() = default;  // none
    Penalties(const Settings& settings, double weight_sum) {
        const double share = settings.divide_penalty ? 1 / weight_sum : 1;
        l1 = settings.l1 * share;
        l2 = settings.l2 * share;
    }
};

// What to multiply a gradient with, whose squares sum to `squares`, so that its norm is clip_norm at most; 0 for no limit.
inline double clip_scale(double squares, double clip_norm) {
    return clip_norm > 0 ? clip_norm / std::max(std::sqrt(squares), clip_norm) : 1;
}

// One vector of parameters and slots, in place, for its gradient g.
template <class Recurrence, class T>
inline void update_vector(const Recurrence& recurrence, Vec<T> g, T* parameters, T* first_slot, T* second_slot) {
    using V = Vec<T>;
    V w = V::load(parameters), first = 0, second = 0;
    if constexpr (Recurrence::slots > 0) first = V::load(first_slot);
    if constexpr (Recurrence::slots > 1) second = V::load(second_slot);
    recurrence(w, g, first, second);
    w.store(parameters);
    if constexpr (Recurrence::slots > 0) first.store(first_slot);
    if constexpr (Recurrence::slots > 1) second.store(second_slot);
}

}  // namespace GLASSNET_ISA
}  // namespace glassnet
