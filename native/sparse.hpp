// Products with sparse rows, for the first layer of wide networks: what is not there is neither read nor multiplied.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "tiles.hpp"
#include "trainer.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

// c[:] = init[:] + Σ over the entries x of one row of x * b[their column][:], for up to a panel's width; the rows of b are
// `step` numbers apart.
template <class T, int Vectors>
void multiply_entries(const Entries<T>& rows, std::size_t row, const T* b, std::size_t step, const T* init, T* c) {
    using V = Vec<T>;
    V sum[Vectors];
    for (int v = 0; v < Vectors; ++v) sum[v] = V::load(init + v * V::size);
    for (std::int64_t e = rows.starts[row]; e < rows.starts[row + 1]; ++e) {
        const V x = rows.values[e];
        const T* weights = b + std::size_t(rows.columns[e]) * step;
        for (int v = 0; v < Vectors; ++v) sum[v] += x * V::load_unaligned(weights + v * V::size);
    }
    for (int v = 0; v < Vectors; ++v) sum[v].store(c + v * V::size);
}

// The entries of a batch by column, in the order of its rows.
template <class T>
class EntriesByColumn {
public:
    explicit EntriesByColumn(int columns) : starts_(std::size_t(columns) + 1), next_(columns) {}

    // row(r) is the number of the batch's r-th row among `rows`.
    template <class Row>
    void collect(const Entries<T>& rows, int count, Row row) {
        std::fill(starts_.begin(), starts_.end(), 0);
        for (int r = 0; r < count; ++r)
            for (std::int64_t e = rows.starts[row(r)]; e < rows.starts[row(r) + 1]; ++e) ++starts_[rows.columns[e] + 1];
        std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
        std::copy_n(starts_.begin(), next_.size(), next_.begin());
        entries_.resize(starts_.back());
        for (int r = 0; r < count; ++r)
            for (std::int64_t e = rows.starts[row(r)]; e < rows.starts[row(r) + 1]; ++e)
                entries_[next_[rows.columns[e]]++] = {rows.values[e], r};
    }

    bool empty(int first, int columns) const { return starts_[first] == starts_[first + columns]; }

    // c[i][:] = Σ over the entries x of column first + i of x * d[their row][:]; c and d are panels.
    void multiply(int first, int columns, const T* d, T* c) const {
        using V = Vec<T>;
        for (int i = 0; i < columns; ++i, c += panel_width<T>) {
            V sum[panel_vectors];
            for (int v = 0; v < panel_vectors; ++v) sum[v] = V(0);
            for (std::size_t e = starts_[first + i]; e < starts_[first + i + 1]; ++e) {
                const T* slopes = d + std::size_t(entries_[e].row) * panel_width<T>;
                for (int v = 0; v < panel_vectors; ++v) sum[v] += V(entries_[e].x) * V::load(slopes + v * V::size);
            }
            for (int v = 0; v < panel_vectors; ++v) sum[v].store(c + v * V::size);
        }
    }

private:
    struct Entry {
        T x;
        int row;
    };
    std::vector<std::size_t> starts_, next_;  // of each column's entries, one more than columns; where the next one goes
    std::vector<Entry> entries_;
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
