// The rows of a small network's batch: gathered from the data and kept feature by feature, in the groups of lanes.hpp.
#pragma once

#include <algorithm>

#include "lanes.hpp"
#include "trainer.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

// Consecutive rows of a batch, in groups that BatchLayout describes.
template <class T>
struct RowBlock {
    const T* groups;
    int start;  // its first row's place in the batch
    int rows;

    bool first() const { return start == 0; }
    int vectors() const { return (rows + Vec<T>::size - 1) / Vec<T>::size; }

    // body(group, vectors in it)
    template <class Body>
    void for_groups(Body body) const {
        for (int g = 0; g * group_vectors < vectors(); ++g)
            body(g, std::min(group_vectors, vectors() - g * group_vectors));
    }
};

// A group of a batch holds the inputs, a row of ones for the biases, the targets and the rows' weights.
template <class T>
struct BatchLayout {
    int inputs, targets;

    int group_size() const { return first_target() + (targets + 1) * R; }
    int first_target() const { return (inputs + 1) * R; }

    // Rows order[0 … count-1], or without an order `count` rows from `first`, feature by feature.
    void gather(const Rows<T>& rows, const std::int64_t* order, std::size_t first, int count, T* to) const {
        for (int start = 0; start < count; start += R, to += group_size()) {
            T* target = to + first_target();
            const int filled = std::min(R, count - start);
            for (int r = 0; r < filled; r += N) {
                const T* x[N];
                const int rows_here = std::min(N, filled - r);
                for (int n = 0; n < rows_here; ++n) {
                    const std::size_t at = start + r + n, row = order ? static_cast<std::size_t>(order[at]) : first + at;
                    x[n] = rows.X + row * inputs;
                    for (int k = 0; k < targets; ++k)
                        target[k * R + r + n] = rows.Y ? rows.Y[row * targets + k] : T(0);
                    to[inputs * R + r + n] = 1;
                    target[targets * R + r + n] = rows.weight ? rows.weight[row] : T(1);
                }
                if (rows_here == N && inputs >= N) {
                    for (int i = 0; i < inputs; i += N) transpose_rows(x, std::min(i, inputs - N), to + r);
                } else {
                    for (int n = 0; n < rows_here; ++n)
                        for (int i = 0; i < inputs; ++i) to[i * R + r + n] = x[n][i];
                }
            }
            // what fills up a vector is the last row again, with weight 0, which would not hide a loss that is inf or nan
            for (int r = filled; r < (filled + N - 1) / N * N; ++r) {
                for (int i = 0; i < inputs + 1 + targets; ++i) to[i * R + r] = to[i * R + filled - 1];
                target[targets * R + r] = 0;
            }
        }
    }

private:
    using V = Vec<T>;
    static constexpr int N = V::size, R = group_rows<T>;

    // Features i … i + N - 1 of N rows, each a vector of `to`; the last features may be written twice.
    static void transpose_rows(const T* const* x, int i, T* to) {
        V square[N];
#pragma GCC unroll 16
        for (int n = 0; n < N; ++n) square[n] = V::load_unaligned(x[n] + i);
        transpose_square<T>(square);
#pragma GCC unroll 16
        for (int n = 0; n < N; ++n) square[n].store(to + (i + n) * R);
    }
};

// Asks the memory for the rows of the next step while this one is computed, a few at a time.
template <class T>
class Upcoming {
public:
    Upcoming() = default;
    Upcoming(const Rows<T>& data, const Step& step, int inputs, int targets)
        : data_(&data), next_(step.order + step.count), left_(step.upcoming), inputs_(inputs), targets_(targets) {}

    void fetch(int rows) {
        constexpr int line = 64 / sizeof(T);
        for (; rows > 0 && left_ > 0; --rows, --left_, ++next_) {
            const T* x = data_->X + *next_ * inputs_;
            for (int i = 0; i < inputs_; i += line) __builtin_prefetch(x + i);
            __builtin_prefetch(x + inputs_ - 1);
            __builtin_prefetch(data_->Y + *next_ * targets_);
        }
    }

private:
    const Rows<T>* data_ = nullptr;
    const std::int64_t* next_ = nullptr;
    std::size_t left_ = 0;
    int inputs_ = 0, targets_ = 0;
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
