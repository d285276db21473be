// The objective over all rows and its gradient, for minimisers outside the engine such as L-BFGS.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "kernels.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

// Keeps its kernel, which packs rows that make one batch only once. The kernel's update is that of a heavy ball at rest,
// with learning rate 1: its velocity after a step is minus the gradient.
template <class T>
class Objective {
public:
    // `settings` are those of Momentum; the penalties are those of each batch, as many as there are.
    Objective(const Architecture& architecture, const Settings& settings, const Rows<T>& rows)
        : rows_(rows), batch_size_(settings.batch_size), weight_sum_(static_cast<double>(rows.n)),
          order_(batch_size_ < rows.n ? rows.n : 0), at_rest_(architecture.parameters()), updated_(at_rest_), velocity_(at_rest_),
          trainer_(make_trainer<T>(architecture, settings, rows)) {
        std::iota(order_.begin(), order_.end(), 0);
        if (!rows.weight) return;
        weight_sum_ = 0;
        for (std::size_t i = 0; i < rows.n; ++i) weight_sum_ += double(rows.weight[i]);
    }

    // The objective at theta and, in theta's layout, its gradient. If `interrupted` said so in between, they mean nothing.
    double operator()(const T* theta, T* gradient, std::function<bool()> interrupted) {
        trainer_->ask(std::move(interrupted));
        std::fill_n(gradient, velocity_.size(), T(0));
        double objective = 0;
        for (std::size_t first = 0; first < rows_.n && !trainer_->cut_short(); first += batch_size_) {
            const T* const slots[] = {at_rest_.data()};
            T* const velocity[] = {velocity_.data()};
            trainer_->load(theta, slots, updated_.data(), velocity);
            const double constants[] = {1, 0};  // learning rate and momentum
            const std::int64_t* order = order_.empty() ? nullptr : order_.data() + first;
            objective += trainer_->step({order, std::min(batch_size_, rows_.n - first), weight_sum_, 0, constants});
            trainer_->store(updated_.data(), velocity);
            for (std::size_t p = 0; p < velocity_.size(); ++p) gradient[p] -= velocity_[p];
        }
        return objective;
    }

private:
    const Rows<T> rows_;
    const std::size_t batch_size_;
    double weight_sum_;
    std::vector<std::int64_t> order_;  // of the rows: none of its own if they make one batch
    const std::vector<T> at_rest_;
    std::vector<T> updated_, velocity_;
    std::unique_ptr<Trainer<T>> trainer_;
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
