// The rows of a wide network's batch: where they lie in the data, and their copies in panels.
#pragma once

#include <algorithm>
#include <vector>

#include "sparse.hpp"
#include "tiles.hpp"
#include "trainer.hpp"
#include "wide_memory.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

template <class T>
struct WideBatch {
    Rows<T> rows;
    const std::int64_t* order;  // null: consecutive rows
    std::size_t first;
    int count;
    T scale;  // 1/Σw
    long step;
    std::size_t place = 0;  // of the first row in the batch of all ranks

    std::size_t row(int i) const { return order ? static_cast<std::size_t>(order[i]) : first + i; }
};

template <class T>
class WideRows {
public:
    EntriesByColumn<T> by_column;  // of a sparse batch that is trained on, after `collect`

    WideRows(const WideMemory<T>& memory, int threads, bool sparse)
        : by_column(memory.trains && sparse ? memory.layers.front().in : 0), memory_(memory),
          rows_(std::size_t(memory.max_rows) * threads) {}

    // Of the batch, as this thread has found them.
    const T** of_thread(int thread) { return rows_.data() + std::size_t(thread) * memory_.max_rows; }

    // Where the inputs of all rows are, unless sparse, and copies of the targets and weights of these.
    void find(int thread, const WideBatch<T>& batch, Range rows) {
        const int in = memory_.layers.front().in, out = memory_.layers.back().out;
        for (int r = 0; !batch.rows.sparse() && r < batch.count; ++r)
            of_thread(thread)[r] = batch.rows.X + batch.row(r) * in;
        for (int r = rows.begin; r < rows.end; ++r) {
            const std::size_t from = batch.row(r);
            if (batch.rows.Y) std::copy_n(batch.rows.Y + from * out, out, memory_.targets + r * memory_.target_stride);
            memory_.row_weights[r] = batch.rows.weight ? batch.rows.weight[from] : T(1);
        }
    }

    // Z = X W + b in the first layer, for some sparse rows and one panel.
    void affine_tile(const WideBatch<T>& batch, int panel, Range rows, T* to) const {
        const WideLayer<T>& layer = memory_.layers.front();
        const T* const packed = memory_.weight_panel(layer, panel);
        const T* const w = layer.packed ? packed : memory_.read[0] + panel * panel_width<T>;
        const auto multiply = layer.vectors_in_panel(panel) == 1 ? multiply_entries<T, 1> : multiply_entries<T, panel_vectors>;
        for (int r = rows.begin; r < rows.end; ++r, to += panel_width<T>)
            multiply(batch.rows.entries, batch.row(r), w, layer.packed ? panel_width<T> : layer.out,
                     packed + std::size_t(layer.packed) * panel_width<T>, to);
        const int columns = layer.out - panel * panel_width<T>;
        if (layer.packed || columns >= panel_width<T>) return;
        to -= (rows.end - rows.begin) * panel_width<T>;
        for (int r = rows.begin; r < rows.end; ++r, to += panel_width<T>)  // the numbers behind are the next row's
            std::fill(to + columns, to + layer.vectors_in_panel(panel) * Vec<T>::size, T(0));
    }

    // Orders the entries of a sparse batch by column.
    void collect(const WideBatch<T>& batch) {
        by_column.collect(batch.rows.entries, batch.count, [&](int r) { return batch.row(r); });
    }

    // Copies the inputs of these rows into panels; copy_of does it when and as far as its columns are asked.
    void copy(int thread, Range rows) {
        for (int k = 0; k < memory_.layers.front().in; k += panel_width<T>) copy_of(thread, rows).columns(k);
    }
    RowsCopy<T> copy_of(int thread, Range rows) {
        return {of_thread(thread) + rows.begin, rows.end - rows.begin, memory_.layers.front().in,
                memory_.input + std::size_t(rows.begin) * panel_width<T>, memory_.panel_step()};
    }

private:
    const WideMemory<T>& memory_;
    std::vector<const T*> rows_;  // once for each thread
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
