// What becomes of a wide network's gradient, tile by tile: penalties, clipping, and the update of weights and slots.
#pragma once

#include <numeric>

#include "equations.hpp"
#include "tiles.hpp"
#include "trainer.hpp"
#include "update.hpp"
#include "wide_memory.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

// A tile of a layer's dW, or as the last row of a panel, of db.
template <class T>
struct GradientTile {
    const WideLayer<T>& layer;
    int panel, first, rows, vectors;
    int number;  // among those of all layers
};

// Tile `job` of a layer, whose first one has this number.
template <class T>
GradientTile<T> gradient_tile(const WideLayer<T>& layer, int job, int number) {
    const int tiles = ceil_div(layer.in, tile_rows) + 1;
    // rows of theta are read one after the other, panels of weights each from end to end
    const int panel = layer.packed ? job / tiles : job % layer.panels();
    const int at = layer.packed ? job % tiles : job / layer.panels(), first = std::min(at * tile_rows, layer.in);
    const int rows = first < layer.in ? std::min(tile_rows, layer.in - first) : 1;
    return {layer, panel, first, rows, layer.vectors_in_panel(panel), number + panel * tiles + at};
}

template <class T>
class WideUpdate {
public:
    WideUpdate(const WideMemory<T>& memory, const Settings& settings) : memory_(memory), settings_(settings) {}

    bool has_penalty() const { return settings_.l1 > 0 || settings_.l2 > 0; }

    // Updates the weights of a tile at once, with its gradient g.
    template <class Recurrence>
    void update(const GradientTile<T>& tile, T* g, Penalties penalties, const Recurrence& recurrence) const {
        if (tile.first >= tile.layer.packed && tile.first < tile.layer.in) return update_unpacked(tile, g, penalties, recurrence);
        update(tile, g, penalties, recurrence, weights_of(tile), memory_.slot_stride);
    }

    // Keeps the gradient of a tile in memory for apply(), with its squared norm.
    void store(const GradientTile<T>& tile, T* g, Penalties penalties) const {
        const T* const w = weights_of(tile);
        if (has_penalty() && (penalties.l1 > 0 || penalties.l2 > 0)) penalise(tile, penalties, w, g);
        T* const to = memory_.gradient + (w - memory_.weights);
        V squares = 0;
        for (int r = 0; r < tile.rows; ++r)
            for (int v = 0; v < tile.vectors; ++v) {
                const V value = V::load(g + r * kWidth + v * kLanes);
                squares += value * value;
                value.store(to + r * kWidth + v * kLanes);
            }
        memory_.squares[tile.number] = squares.sum();
    }

    // Adds up the gradients in memory over all ranks with their losses and weights, of which these are the share; false if
    // that failed or a rank has asked to stop.
    bool add_up(std::size_t rows, double loss, double weight) const {
        T* const sums = memory_.gradient + memory_.slot_stride;
        if (rows == 0) std::fill(memory_.gradient, sums, T(0));
        sums[0] = T(loss);
        sums[1] = T(weight);
        sums[2] = T(settings_.ranks->wish());
        if (!settings_.ranks->sum(memory_.gradient, memory_.slot_stride + memory_.kSums)) return false;
        settings_.ranks->agree(sums[2]);
        return sums[2] == 0;
    }
    // Their sums.
    T total_loss() const { return memory_.gradient[memory_.slot_stride]; }
    T total_weight() const { return memory_.gradient[memory_.slot_stride + 1]; }

    // Whether the gradient of all ranks needs finish() before apply().
    bool has_finish() const { return has_penalty() || settings_.clip_norm > 0; }

    // Divides a tile of the gradient of all ranks by their weight, and adds the penalty.
    void finish(const GradientTile<T>& tile) const {
        alignas(64) T g[tile_rows * kWidth];
        const T* const from = memory_.gradient + (weights_of(tile) - memory_.weights);
        const V scale = 1 / total_weight();
        for (int i = 0; i < tile.rows * kWidth; i += kLanes)
            if (i % kWidth < tile.vectors * kLanes) (V::load(from + i) * scale).store(g + i);
        store(tile, g, Penalties(settings_, total_weight()));
    }

    // Clips the gradient in memory and updates these vectors of the weights.
    template <class Recurrence>
    void apply(Range vectors, const Recurrence& recurrence) const {
        if (settings_.ranks && !has_finish()) return apply(vectors, recurrence, Vec<T>(1 / total_weight()));
        const double squares = std::accumulate(memory_.squares, memory_.squares + memory_.gradient_tiles(), 0.0);
        apply(vectors, recurrence, Vec<T>(T(clip_scale(squares, settings_.clip_norm))));
    }
    template <class Recurrence>
    void apply(Range vectors, const Recurrence& recurrence, Vec<T> scale) const {
        for (std::size_t i = std::size_t(vectors.begin) * kLanes; i < std::size_t(vectors.end) * kLanes; i += kLanes)
            update_at(recurrence, V::load(memory_.gradient + i) * scale, memory_.weights + i, memory_.slot_stride);
    }

    // The penalty of all weights before the update.
    double penalty() const {
        return has_penalty() ? std::accumulate(memory_.penalties, memory_.penalties + memory_.gradient_tiles(), 0.0) : 0;
    }

private:
    using V = Vec<T>;
    static constexpr int kLanes = V::size, kWidth = panel_width<T>;

    T* weights_of(const GradientTile<T>& tile) const {
        const int row = std::min(tile.first, tile.layer.packed);  // the biases are the last one, behind those that are packed
        return memory_.weight_panel(tile.layer, tile.panel) + std::size_t(row) * kWidth;
    }

    // The weights are at w, the slots as far behind as `stride` says.
    template <class Recurrence>
    void update(const GradientTile<T>& tile, T* g, Penalties penalties, const Recurrence& recurrence, T* w,
                std::size_t stride) const {
        if (has_penalty()) penalise(tile, penalties, w, g);
        for (int r = 0; r < tile.rows; ++r)
            for (int v = 0; v < tile.vectors; ++v) {
                const int i = r * kWidth + v * kLanes;
                update_at(recurrence, V::load(g + i), w + i, stride);
            }
    }

    // The same for weights and slots in theta's layout, which become a tile for the moment.
    template <class Recurrence>
    void update_unpacked(const GradientTile<T>& tile, T* g, Penalties penalties, const Recurrence& recurrence) const {
        constexpr std::size_t stride = tile_rows * kWidth;
        const int columns = std::min(kWidth, tile.layer.out - tile.panel * kWidth);
        const std::size_t begin = std::size_t(tile.first) * tile.layer.out + tile.panel * kWidth;
        alignas(64) T packed[(1 + Recurrence::slots) * stride];
        if (columns < kWidth) std::fill(std::begin(packed), std::end(packed), T(0));
        auto for_rows = [&](const auto& all, auto copy) {
            for (std::size_t i = 0; i <= Recurrence::slots; ++i)
                for (int r = 0; r < tile.rows; ++r)
                    copy(all[i] + begin + std::size_t(r) * tile.layer.out, packed + i * stride + r * kWidth);
        };
        auto move = [&](const T* from, T* to) {
            if (columns == kWidth) std::copy_n(from, kWidth, to);  // in registers
            else std::copy_n(from, columns, to);
        };
        for_rows(memory_.read, [&](const T* flat, T* packed) { move(flat, packed); });
        update(tile, g, penalties, recurrence, packed, stride);
        for_rows(memory_.written, [&](T* flat, const T* packed) { move(packed, flat); });
    }

    template <class Recurrence>
    void update_at(const Recurrence& recurrence, V g, T* at, std::size_t stride) const {
        update_vector(recurrence, g, at, at + stride, at + 2 * stride);
    }

    // Adds the penalty's slope to a tile of dW, and keeps the penalty itself.
    void penalise(const GradientTile<T>& tile, Penalties penalties, const T* w, T* g) const {
        V total = 0;
        const V l1 = T(penalties.l1), l2 = T(penalties.l2);
        if (tile.first < tile.layer.in)
            for (int r = 0; r < tile.rows; ++r)
                for (int v = 0; v < tile.vectors; ++v) {
                    const int i = r * kWidth + v * kLanes;
                    total += equations::penalty(V::load(w + i), l1, l2);
                    (V::load(g + i) + equations::d_penalty(V::load(w + i), l1, l2)).store(g + i);
                }
        memory_.penalties[tile.number] = total.sum();
    }

    const WideMemory<T>& memory_;
    const Settings settings_;
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
