// Which kernel trains a network.
#pragma once

#include <algorithm>
#include <memory>

#include "small.hpp"
#include "wide.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

// Rows across lanes up to this width, register-tiled products beyond, for sparse rows and on several ranks.
constexpr int kWidestSmall = 128;

template <class T>
std::unique_ptr<Trainer<T>> make_trainer(const Architecture& architecture, const Settings& settings, const Rows<T>& data) {
    const int widest = *std::max_element(architecture.sizes.begin(), architecture.sizes.end());
    if (widest <= kWidestSmall && !data.sparse() && !settings.ranks) return std::make_unique<SmallTrainer<T>>(architecture, settings, data);
    return std::make_unique<WideTrainer<T>>(architecture, settings, data);
}

}  // namespace GLASSNET_ISA
}  // namespace glassnet
