// Mini-batch training of wide networks: register-tiled matrix products with bias, activation, loss and optimizer on the
// tiles.
//
// Every matrix is stored as panels: groups of two vectors of columns, each panel holding all its rows one after the
// other. A row of a panel is contiguous and aligned, a tile of consecutive rows is one contiguous run, and whatever a
// tile streams it streams sequentially. The same layout serves as either operand of all three products:
//
//   forward   Z  = A W + b      rows of A broadcast,    panels of W streamed
//   backward  dA = dZ Wᵀ        rows of dZ broadcast,   a packed panel of Wᵀ
//   gradient  dW = Aᵀ dZ        columns of A broadcast, panels of dZ streamed
//
// Weights, activations and the optimizer's state live in this layout from step to step. Work is cut into tiles by the
// shapes alone and each tile is computed by one thread in a fixed order, so results do not depend on the threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "equations.hpp"
#include "pool.hpp"
#include "random.hpp"
#include "tiles.hpp"
#include "trainer.hpp"
#include "wide_memory.hpp"
#include "wide_output.hpp"
#include "wide_rows.hpp"
#include "wide_update.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

template <class T>
class WideTrainer final : public Trainer<T> {
public:
    WideTrainer(const Architecture& architecture, const Settings& settings, const Rows<T>& data)
        : settings_(settings), data_(data), pool_(settings.threads, settings.team),
          memory_(architecture, settings, most_rows(settings, pool_.most()), pool_.most(), data.sparse()), layers_(memory_.layers),
          rows_(memory_, pool_.most(), data.sparse()), output_{architecture}, update_(memory_, settings) {}

    void load(const T* theta, const T* const* slots, T* to, T* const* slots_to) override { memory_.load(theta, slots, to, slots_to); }
    void store(T* theta, T* const* slots) const override { memory_.store(theta, slots); }

    double step(const Step& step) override {
        const T scale = T(settings_.ranks ? 1 : 1 / step.weight_sum);  // a sum over all ranks is divided as a whole
        const Batch batch{data_, step.order, step.first, int(step.count), scale, step.number, step.place};
        const Penalties penalties = settings_.ranks ? Penalties{} : Penalties(settings_, step.weight_sum);
        this->poll(step.count * memory_.slot_stride);
        if (this->cut_short()) return 0;
        stops_inside_ = memory_.gradient_in_memory;
        const bool skips_zeros = settings_.slots == 0 && !update_.has_penalty();  // θ - rate · 0 is θ
        if (skips_zeros) memory_.copy_unpacked();
        pool_.run([&](int thread) {
            if (batch.count > 0) slopes(thread, batch);
            equations::with_update<V>(settings_.update, step.number + 1, step.constants, [&](auto recurrence) {
                constexpr int runs = 1 + decltype(recurrence)::slots;
                if (memory_.gradient_in_memory) {
                    for (std::size_t l = 0; l < layers_.size() && batch.count > 0; ++l)
                        gradient(thread, batch, l, update_.has_penalty(), false, [&](const GradientTile<T>& tile, T* g) {
                            update_.store(tile, g, penalties);
                        });
                    pool_.barrier.wait();
                    if (settings_.ranks) add_up(thread, batch, step.weight_sum);
                    if (!this->cut_short())
                        update_.apply(share(thread, int(memory_.slot_stride / kLanes)), recurrence);
                } else {
                    for (std::size_t l = 0; l < layers_.size(); ++l)
                        gradient(thread, batch, l, runs, skips_zeros, [&](const GradientTile<T>& tile, T* g) {
                            update_.update(tile, g, penalties, recurrence);
                        });
                }
            });
        }, double(step.count));
        memory_.was_written();
        const double loss = settings_.ranks ? double(update_.total_loss()) / update_.total_weight() : sum_of_losses(batch);
        return loss + update_.penalty();
    }

    void predict(const Rows<T>& rows, T* out) override {
        for_chunks(rows, [&](int thread, const Batch& chunk) {
            output_rows(thread, chunk, out + chunk.first * layers_.back().out);
        });
    }

    double loss(const Rows<T>& rows) override {
        double total = 0, weight = 0;
        for (std::size_t i = 0; i < rows.n; ++i) weight += rows.weight ? double(rows.weight[i]) : 1.0;
        for_chunks(rows, [&](int thread, const Batch& chunk) {
            output_slopes(thread, chunk);
            pool_.barrier.wait();
            if (thread == 0) total += sum_of_losses(chunk);
        });
        return total / weight;
    }

private:
    using V = Vec<T>;
    using Layer = WideLayer<T>;
    using Batch = WideBatch<T>;
    static constexpr int kWidth = panel_width<T>;
    static constexpr int kLanes = V::size;
    static constexpr std::size_t kGroupBytes = 512 << 10;  // of weights: half of a second-level cache or less

    Range share(int thread, int jobs) const {
        const long n = pool_.threads();
        return {int(jobs * std::int64_t(thread) / n), int(jobs * std::int64_t(thread + 1) / n)};
    }

    // Whether to leave the rest of a phase; asked before each tile, a product over `depth` terms.
    bool stopped(int thread, std::size_t depth) {
        if (!stops_inside_) return false;
        if (thread == 0) this->poll(depth * tile_rows * kWidth);
        return this->cut_short();
    }

    // The rows whose first and last layer this thread computes, in whole tiles.
    Range rows_of(int thread, const Batch& batch) const {
        const Range tiles = share(thread, ceil_div(batch.count, tile_rows));
        return {tiles.begin * tile_rows, std::min(batch.count, tiles.end * tile_rows)};
    }

    // The forward pass, and the slopes of all layers from the last to the first.
    void slopes(int thread, const Batch& batch) {
        if (thread == 0 && data_.sparse()) rows_.collect(batch);
        for (std::size_t l = 0; l + 1 < layers_.size(); ++l) {
            forward(thread, batch, l, settings_.dropout > 0);
            pool_.barrier.wait();
        }
        output_slopes(thread, batch);
        // with few outputs each thread goes on with the rows whose slopes it has
        const bool own_rows = layers_.back().panels() == 1;
        if (!own_rows || layers_.size() == 1) pool_.barrier.wait();
        for (std::size_t l = layers_.size() - 1; l > 0; --l) {
            backward(thread, batch, l, own_rows && l == layers_.size() - 1);
            pool_.barrier.wait();
        }
    }

    // The gradient of all ranks in the place of this one's.
    void add_up(int thread, const Batch& batch, double weight) {
        if (thread == 0 && !update_.add_up(batch.count, batch.count > 0 ? sum_of_losses(batch) : 0, weight)) this->cut();
        pool_.barrier.wait();
        if (!update_.has_finish() || this->cut_short()) return;
        for (std::size_t l = 0; l < layers_.size(); ++l) {
            const Range mine = share(thread, layers_[l].gradient_tiles());
            for (int job = mine.begin; job < mine.end; ++job)
                update_.finish(gradient_tile(layers_[l], job, memory_.gradient_tiles_before(l)));
        }
        pool_.barrier.wait();
    }

    // body(thread, chunk) on every thread, after the hidden layers' forward pass of each chunk of rows.
    template <class Body>
    void for_chunks(const Rows<T>& rows, Body body) {
        stops_inside_ = true;
        pool_.run([&](int thread) {
            for (std::size_t first = 0; first < rows.n; first += memory_.max_rows) {
                if (thread == 0) stop_ = this->cut_short();
                pool_.barrier.wait();
                if (stop_) return;  // all threads alike
                const int count = static_cast<int>(std::min<std::size_t>(memory_.max_rows, rows.n - first));
                const Batch chunk{rows, nullptr, first, count, T(1), 0};
                for (std::size_t l = 0; l + 1 < layers_.size(); ++l) {
                    forward(thread, chunk, l, false);
                    pool_.barrier.wait();
                }
                body(thread, chunk);
                pool_.barrier.wait();
            }
        });
    }

    // Z = A W + b for one tile of rows and one panel, past the first layer or of sparse rows.
    void affine_tile(const Batch& batch, std::size_t l, int panel, int row, int rows, T* to) const {
        if (l == 0) return rows_.affine_tile(batch, panel, {row, row + rows}, to);
        multiply_affine(l, panel, rows, to, PanelRows<T>{layers_[l - 1].a + std::size_t(row) * kWidth, memory_.panel_step()});
    }

    // The same in the first layer of dense ones; copies some rows and fetches others meanwhile.
    void affine_data_tile(int thread, int panel, Range rows, T* to, Range copied, Range fetched) {
        multiply_affine(0, panel, rows.end - rows.begin, to,
                        DataRows<T>{rows_.of_thread(thread) + rows.begin, rows_.copy_of(thread, copied),
                                    rows_.of_thread(thread) + fetched.begin, fetched.end - fetched.begin});
    }

    template <class Left>
    void multiply_affine(std::size_t l, int panel, int rows, T* to, const Left& a) const {
        const Layer& layer = layers_[l];
        const T* w = memory_.weight_panel(layer, panel);
        multiply_tile(rows, layer.vectors_in_panel(panel), a, w, layer.in, w + std::size_t(layer.in) * kWidth, to);
    }

    // body(panel, first row, rows, where the tile starts, its vectors) for this thread's tiles of a layer's activations:
    // its share of all, or all of its own rows.
    template <class Body>
    void for_tiles(int thread, const Batch& batch, const Layer& layer, std::size_t depth, bool own_rows, Body body) {
        const int tiles = ceil_div(batch.count, tile_rows);
        const Range own = own_rows ? share(thread, tiles) : Range{0, tiles};
        const int rows = own.end - own.begin, jobs = layer.panels() * rows;
        const Range mine = own_rows ? Range{0, jobs} : share(thread, jobs);
        for (int job = mine.begin; job < mine.end && !stopped(thread, depth); ++job) {
            const int panel = job / rows, row = (own.begin + job % rows) * tile_rows;
            body(panel, row, std::min(tile_rows, batch.count - row),
                 panel * memory_.panel_step() + std::size_t(row) * kWidth, layer.vectors_in_panel(panel));
        }
    }

    void forward(int thread, const Batch& batch, std::size_t l, bool drop) {
        const Layer& layer = layers_[l];
        layer.with_activation([&](auto activation) {
            auto finish = [&](int panel, int row, int rows, std::size_t at, int vectors) {
                for (int r = 0; r < rows; ++r)
                    for (int v = 0; v < vectors; ++v) {
                        const std::size_t i = at + r * kWidth + v * kLanes;
                        const V z = V::load(layer.a + i);
                        if constexpr (decltype(activation)::needs_z) z.store(layer.z + i);
                        activation.f(z).store(layer.a + i);
                    }
                if (drop) apply_dropout(batch, layer, panel, row, rows, at);
            };
            if (l == 0 && !batch.rows.sparse()) return forward_data(thread, batch, finish);
            if (l == 0) rows_.find(thread, batch, rows_of(thread, batch));
            const std::size_t depth = l == 0 ? batch.rows.entries.of_a_row : layer.in;
            for_tiles(thread, batch, layer, depth, false, [&](int panel, int row, int rows, std::size_t at, int vectors) {
                affine_tile(batch, l, panel, row, rows, layer.a + at);
                finish(panel, row, rows, at, vectors);
            });
        });
    }

    // The first layer, a tile of rows with a group of panels at a time. The rows lie scattered over the data; to read
    // them first and multiply then would wait for the memory. Instead the products with the first group fetch the rows of
    // the next tile, and copy this one into the panels that the gradient will read. The work is shared as the gradient's
    // is, so that the weights which a thread has updated are still in its cache.
    template <class Finish>
    void forward_data(int thread, const Batch& batch, Finish finish) {
        const Layer& layer = layers_[0];
        const int tiles = ceil_div(batch.count, tile_rows);
        const Range mine = share(thread, layer.panels() * tiles), own = rows_of(thread, batch);
        auto panels_of = [&](int tile) {  // that this thread multiplies this tile with
            return Range{ceil_div(std::max(0, mine.begin - tile), tiles), ceil_div(std::max(0, mine.end - tile), tiles)};
        };
        auto rows_in = [&](int tile, Range among) {
            return Range{std::max(tile * tile_rows, among.begin), std::min((tile + 1) * tile_rows, among.end)};
        };
        rows_.find(thread, batch, own);
        if (memory_.trains)
            for (int tile = own.begin / tile_rows; tile * tile_rows < own.end; ++tile)
                if (const Range to = panels_of(tile); to.begin >= to.end) rows_.copy(thread, rows_in(tile, own));
        const int group = std::max<int>(1, kGroupBytes / (layer.in * kWidth * sizeof(T)));
        for (int begin = mine.begin / tiles; begin * tiles < mine.end; begin += group) {
            for (int tile = 0; tile < tiles; ++tile) {
                const Range all = panels_of(tile), now{std::max(all.begin, begin), std::min(all.end, begin + group)};
                const Range rows = rows_in(tile, {0, batch.count}), next = rows_in(tile + 1, {0, batch.count});
                const bool first = now.begin == all.begin;
                const Range copied = first && memory_.trains ? rows_in(tile, own) : Range{0, 0};
                const Range fetched = first ? next : Range{0, 0};
                for (int panel = now.begin; panel < now.end && !stopped(thread, layer.in); ++panel) {
                    const std::size_t at = panel * memory_.panel_step() + std::size_t(rows.begin) * kWidth;
                    const int part = panel - now.begin, parts = now.end - now.begin;
                    affine_data_tile(thread, panel, rows, layer.a + at, part_of(copied, part, parts),
                                     part_of(fetched, part, parts));
                    finish(panel, rows.begin, rows.end - rows.begin, at, layer.vectors_in_panel(panel));
                }
            }
        }
    }

    void apply_dropout(const Batch& batch, const Layer& layer, int panel, int row, int rows, std::size_t at) const {
        const Dropout<T> dropout(settings_.dropout, settings_.seed, layer.number, batch.step, layer.out);
        const int columns = std::min(kWidth, layer.out - panel * kWidth);
        for (int r = 0; r < rows; ++r)
            dropout.template mask_row<1>(batch.place + row + r, panel * kWidth, columns, layer.mask + at + r * kWidth,
                                         layer.a + at + r * kWidth);
    }

    void output_tile(int thread, const Batch& batch, int row, int rows) {
        const Layer& layer = layers_.back();
        for (int panel = 0; panel < layer.panels(); ++panel) {
            T* to = layer.d + panel * memory_.panel_step() + std::size_t(row) * kWidth;
            if (layers_.size() == 1 && !batch.rows.sparse())
                affine_data_tile(thread, panel, {row, row + rows}, to,
                                 {row, panel == 0 && memory_.trains ? row + rows : row}, {0, 0});
            else
                affine_tile(batch, layers_.size() - 1, panel, row, rows, to);
        }
    }

    // ∂ℓ/∂Z · w/Σw in the place of Z, and the loss of each tile of rows.
    void output_slopes(int thread, const Batch& batch) {
        const Range mine = rows_of(thread, batch);
        if (layers_.size() == 1) rows_.find(thread, batch, mine);
        for (int row = mine.begin; row < mine.end; row += tile_rows) {
            const int end = std::min(mine.end, row + tile_rows);
            output_tile(thread, batch, row, end - row);
            T loss = 0;
            for (int r = row; r < end; ++r) {
                const T weight = memory_.row_weights[r] * batch.scale;
                const T* y = memory_.targets + r * memory_.target_stride;
                loss += weight * output_.slopes(memory_.output_row(r), y, weight, memory_.scratch[thread]);
            }
            memory_.losses[row / tile_rows] = loss;
        }
    }

    // The mean loss, summed in the order of the rows.
    double sum_of_losses(const Batch& batch) const {
        const double loss = std::accumulate(memory_.losses, memory_.losses + ceil_div(batch.count, tile_rows), 0.0);
        // a mean is a sum first, which overflows earlier
        const bool overflows = !batch.rows.weight && !std::isfinite(T(loss / batch.scale));
        return overflows ? std::numeric_limits<double>::infinity() : loss;
    }

    void output_rows(int thread, const Batch& chunk, T* out) {
        const Range mine = rows_of(thread, chunk);
        const int width = layers_.back().out;
        if (layers_.size() == 1) rows_.find(thread, chunk, mine);
        for (int first = mine.begin; first < mine.end; first += tile_rows) {
            const int end = std::min(mine.end, first + tile_rows);
            output_tile(thread, chunk, first, end - first);
            for (int r = first; r < end; ++r) {
                const PanelRow<T> row = memory_.output_row(r);
                output_.activate(row);
                for (int o = 0; o < width; ++o) out[std::size_t(r) * width + o] = row.at(o / kLanes)[o % kLanes];
            }
        }
    }

    // dZ of the layer below l, from dZ of layer l.
    void backward(int thread, const Batch& batch, std::size_t l, bool own_rows) {
        const Layer &layer = layers_[l], &below = layers_[l - 1];
        T* packed = memory_.scratch[thread];
        int packed_panel = -1;
        const V unmasked = T(1 - settings_.dropout);  // undoes the mask's scale where a unit was kept
        below.with_activation([&](auto activation) {
            using Activation = decltype(activation);
            for_tiles(thread, batch, below, layer.out, own_rows, [&](int panel, int row, int rows, std::size_t at, int vectors) {
                if (panel != packed_panel) {
                    memory_.pack_transposed(layer, panel * kWidth, packed);
                    packed_panel = panel;
                }
                multiply_tile(rows, vectors, PanelRows<T>{layer.d + std::size_t(row) * kWidth, memory_.panel_step()}, packed,
                              layer.out, memory_.zeros, below.d + at);
                for (int r = 0; r < rows; ++r)
                    for (int v = 0; v < vectors; ++v) {
                        const std::size_t i = at + r * kWidth + v * kLanes;
                        V da = V::load(below.d + i), z = 0, a = V::load(below.a + i);
                        if constexpr (Activation::needs_z) z = V::load(below.z + i);
                        if (below.keeps_mask) {
                            da *= V::load(below.mask + i);
                            a *= unmasked;
                        }
                        activation.pull_back(da, z, a).store(below.d + i);
                    }
            });
        });
    }

    // consume(tile, gradient) for this thread's tiles of dW and, as the last row of each panel, db. It will read the
    // tile's weights and slots, `runs` of them. Tiles without an entry of sparse rows are left out if it skips zeros.
    template <class Consume>
    void gradient(int thread, const Batch& batch, std::size_t l, int runs, bool skips_zeros, Consume consume) {
        const Layer& layer = layers_[l];
        const int number = memory_.gradient_tiles_before(l);
        const Range mine = share(thread, layer.gradient_tiles());
        alignas(64) T g[tile_rows * kWidth];
        for (int job = mine.begin; job < mine.end && !stopped(thread, batch.count); ++job) {
            const GradientTile<T> tile = gradient_tile(layer, job, number);
            const T* d = layer.d + tile.panel * memory_.panel_step();
            if (tile.first >= layer.in) {
                column_sum<T>(d, batch.count, tile.vectors, g);
            } else if (l == 0 && batch.rows.sparse()) {
                if (skips_zeros && rows_.by_column.empty(tile.first, tile.rows)) continue;
                rows_.by_column.multiply(tile.first, tile.rows, d, g);
            } else {
                const int first = tile.first;
                const T* a = memory_.layer_input(l) + first / kWidth * memory_.panel_step() + first % kWidth;
                const T* w = memory_.weight_panel(layer, tile.panel) + std::size_t(first) * kWidth;
                multiply_tile(tile.rows, tile.vectors, PanelColumns<T>{a, w, memory_.slot_stride, runs}, d, batch.count,
                              memory_.zeros, g);
            }
            consume(tile, g);
        }
    }

    const Settings settings_;
    const Rows<T> data_;
    Pool pool_;
    WideMemory<T> memory_;
    const std::vector<Layer>& layers_;
    WideRows<T> rows_;
    const WideOutput<T> output_;
    const WideUpdate<T> update_;
    bool stops_inside_ = false, stop_ = false;
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
