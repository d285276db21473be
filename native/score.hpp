// What early stopping watches, and the scores of outputs; as src/glassnet/training/scores.py.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "trainer.hpp"

namespace glassnet {

// In the order of WATCHED in src/glassnet/training/job.py.
enum class Watch : int { kValidationLoss, kTrainingLoss, kAccuracy, kExactMatch, kRSquared };

inline bool is_score(Watch watch) { return watch >= Watch::kAccuracy; }

// Whether the outputs (or the targets) of a row are right: their largest is the same, or all lie on the same side of 0.5.
template <class T>
bool is_right(Watch watch, const T* output, const T* target, int k) {
    if (watch == Watch::kAccuracy)
        return std::max_element(output, output + k) - output == std::max_element(target, target + k) - target;
    for (int i = 0; i < k; ++i)
        if ((output[i] > T(0.5)) != (target[i] > T(0.5))) return false;
    return true;
}

// R² of the output numbered i of k; 1 or 0 where the target is the same in all rows.
template <class T>
double r_squared(const T* output, const Rows<T>& rows, int k, int i, double weight_sum) {
    auto weight = [&](std::size_t r) { return rows.weight ? double(rows.weight[r]) : 1.0; };
    double mean = 0, residual = 0, spread = 0;
    for (std::size_t r = 0; r < rows.n; ++r) mean += weight(r) * double(rows.Y[r * k + i]);
    mean /= weight_sum;
    for (std::size_t r = 0; r < rows.n; ++r) {
        const double y = rows.Y[r * k + i], error = y - double(output[r * k + i]);
        residual += weight(r) * error * error;
        spread += weight(r) * (y - mean) * (y - mean);
    }
    return spread != 0 ? 1 - residual / spread : residual == 0 ? 1 : 0;
}

// The score of the outputs (n, k) of `rows`.
template <class T>
double score(Watch watch, const T* output, const Rows<T>& rows, int k) {
    double weight_sum = 0, sum = 0;
    for (std::size_t r = 0; r < rows.n; ++r) weight_sum += rows.weight ? double(rows.weight[r]) : 1.0;
    if (watch == Watch::kRSquared) {
        const bool finite = std::all_of(output, output + rows.n * k, [](T a) { return std::isfinite(a); });
        for (int i = 0; i < k; ++i) sum += r_squared(output, rows, k, i, weight_sum);
        return finite ? sum / k : std::numeric_limits<double>::quiet_NaN();
    }
    for (std::size_t r = 0; r < rows.n; ++r)
        if (is_right(watch, output + r * k, rows.Y + r * k, k)) sum += rows.weight ? double(rows.weight[r]) : 1.0;
    return sum / weight_sum;
}

}  // namespace glassnet
