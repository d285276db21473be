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
#include <cstring>
#include <limits>
#include <new>
#include <numeric>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "equations.hpp"
#include "pool.hpp"
#include "random.hpp"
#include "tiles.hpp"
#include "trainer.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

// One zeroed block for everything a run touches, on huge pages where the system has them: the panels of a layer span
// more pages than the first-level TLB holds.
class Arena {
public:
    Arena() = default;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena() { ::operator delete(base_, alignment_); }

    void* reserve(std::size_t bytes) {
        const std::size_t page = bytes >= kHuge ? kHuge : 4096;
        bytes = (bytes + page - 1) / page * page;
        alignment_ = std::align_val_t(page);
        base_ = ::operator new(bytes, alignment_);
#if defined(__linux__)
        if (page == kHuge) madvise(base_, bytes, MADV_HUGEPAGE);
#endif
        return std::memset(base_, 0, bytes);
    }

private:
    static constexpr std::size_t kHuge = std::size_t(2) << 20;
    std::align_val_t alignment_{4096};
    void* base_ = nullptr;
};

template <class T>
class WideTrainer final : public Trainer<T> {
public:
    WideTrainer(const Architecture& architecture, const Settings& settings, const Rows<T>& data)
        : architecture_(architecture), settings_(settings), data_(data), pool_(settings.threads),
          max_rows_(static_cast<int>(
              trains() ? settings.batch_size : std::min(settings.batch_size, kRowsAtOnce * pool_.threads()))),
          rows_(std::size_t(max_rows_) * pool_.threads()) {
        std::size_t elements = 0;
        auto take = [&elements](std::size_t n) {
            const std::size_t at = elements;
            elements += (n + kLine - 1) / kLine * kLine;
            return at;
        };
        struct Offsets {
            std::size_t a, z, d, mask;
        };
        std::vector<Offsets> offsets;
        for (int l = 1; l <= architecture.layers(); ++l) {
            Layer layer{};
            layer.number = l;
            layer.in = architecture.sizes[l - 1];
            layer.out = architecture.sizes[l];
            layer.activation = architecture.activations[l - 1];
            layer.activation_parameter = architecture.activation_parameters[l - 1];
            const bool last = l == architecture.layers();
            if (!last) with_activation(layer, [&](auto activation) { layer.keeps_z = activation.needs_z; });
            layer.keeps_mask = !last && settings.dropout > 0;
            layer.weights = take(std::size_t(panels(layer.out)) * (layer.in + 1) * kWidth);
            layers_.push_back(layer);
        }
        take(5 * kLine);  // keeps the streams of a tile apart modulo a page
        slot_stride_ = elements;
        if (trains()) elements += settings.slots * slot_stride_;
        const double step_bytes = double(settings.batch_size) * slot_stride_ * sizeof(T);
        gradient_in_memory_ = trains() && (settings.clip_norm > 0 || step_bytes > kLongStepBytes);
        const std::size_t gradient = gradient_in_memory_ ? take(slot_stride_) : 0;
        int widest = 0, most_tiles = 0;
        for (const Layer& layer : layers_) {
            const std::size_t size = std::size_t(panels(layer.out)) * kWidth * max_rows_;
            offsets.push_back({take(size), layer.keeps_z ? take(size) : 0, trains() ? take(size) : 0,
                               layer.keeps_mask ? take(size) : 0});
            widest = std::max(widest, layer.out);
            most_tiles += gradient_tiles(layer);
        }
        const std::size_t input = trains() ? take(std::size_t(panels(layers_.front().in)) * kWidth * max_rows_) : 0;
        target_stride_ = std::size_t(panels(layers_.back().out)) * kWidth;
        const std::size_t targets = take(target_stride_ * max_rows_);
        const std::size_t weights_of_rows = take(max_rows_);
        const std::size_t sums = take(std::max(most_tiles, ceil_div(max_rows_, tile_rows)));
        const std::size_t penalties = take(most_tiles);
        const std::size_t zeros = take(kWidth);
        const std::size_t scratch_size = std::max(std::size_t(panels(widest)) * kWidth * kWidth, 2 * target_stride_);
        std::vector<std::size_t> scratch;
        for (int t = 0; t < pool_.threads(); ++t) scratch.push_back(take(scratch_size));

        T* base = static_cast<T*>(arena_.reserve(elements * sizeof(T)));
        weights_ = base;
        gradient_ = base + gradient;
        input_ = base + input;
        targets_ = base + targets;
        row_weights_ = base + weights_of_rows;
        sums_ = base + sums;
        penalties_ = base + penalties;
        zeros_ = base + zeros;
        for (std::size_t s : scratch) scratch_.push_back(base + s);
        for (std::size_t l = 0; l < layers_.size(); ++l) {
            layers_[l].a = base + offsets[l].a;
            layers_[l].z = base + offsets[l].z;
            layers_[l].d = base + offsets[l].d;
            layers_[l].mask = base + offsets[l].mask;
        }
        // a prediction has no slopes: its output layer's z goes where its activations do
        if (!trains()) layers_.back().d = layers_.back().a;
    }

    void load(const T* theta, const T* const* slots) override {
        auto copy = [](T* packed, const T*& from, int count) {
            std::copy_n(from, count, packed);
            from += count;
        };
        exchange(weights_, theta, copy);
        for (int s = 0; slots && s < settings_.slots; ++s)
            exchange(weights_ + (s + 1) * slot_stride_, slots[s], copy);
    }

    void store(T* theta, T* const* slots) const override {
        auto copy = [](const T* packed, T*& to, int count) { to = std::copy_n(packed, count, to); };
        exchange(weights_, theta, copy);
        for (int s = 0; slots && s < settings_.slots; ++s)
            exchange(weights_ + (s + 1) * slot_stride_, slots[s], copy);
    }

    double step(const Step& step) override {
        const Batch batch{data_, step.order, 0, static_cast<int>(step.count), T(1 / step.weight_sum), step.number};
        this->poll(step.count * slot_stride_);
        if (this->cut_short()) return 0;
        stops_inside_ = gradient_in_memory_;
        pool_.run([&](int thread) {
            for (std::size_t l = 0; l + 1 < layers_.size(); ++l) {
                forward(thread, batch, l, settings_.dropout > 0);
                pool_.barrier.wait();
            }
            output_slopes(thread, batch);
            pool_.barrier.wait();
            for (std::size_t l = layers_.size() - 1; l > 0; --l) {
                backward(thread, batch, l);
                pool_.barrier.wait();
            }
            with_recurrence(step, [&](auto recurrence) {
                if (gradient_in_memory_) {
                    for (std::size_t l = 0; l < layers_.size(); ++l) store_gradient(thread, batch, l);
                    pool_.barrier.wait();
                    if (!this->cut_short()) apply_gradient(thread, recurrence);
                } else {
                    for (std::size_t l = 0; l < layers_.size(); ++l) update_weights(thread, batch, l, recurrence);
                }
            });
        });
        double loss = row_loss_;
        if (has_penalty()) loss += std::accumulate(penalties_, penalties_ + count_tiles(), 0.0);
        return loss;
    }

    void predict(const T* X, std::size_t n, T* out) override {
        for_chunks({X, nullptr, nullptr, n}, [&](int thread, const Batch& chunk) {
            output_rows(thread, chunk, out + chunk.first * layers_.back().out);
        });
    }

    double loss(const Rows<T>& rows) override {
        double total = 0, weight = 0;
        for (std::size_t i = 0; i < rows.n; ++i) weight += rows.weight ? double(rows.weight[i]) : 1.0;
        for_chunks(rows, [&](int thread, const Batch& chunk) {
            output_slopes(thread, chunk);
            pool_.barrier.wait();
            if (thread == 0) total += row_loss_;
        });
        return total / weight;
    }

private:
    using V = Vec<T>;
    static constexpr int kWidth = panel_width<T>;
    static constexpr int kLanes = V::size;
    static constexpr int kLine = 64 / sizeof(T);
    static constexpr std::size_t kGroupBytes = 512 << 10;  // of weights: half of a second-level cache or less
    static constexpr std::size_t kRowsAtOnce = 128;        // of each thread in a prediction: they stay in its cache
    // Rows times bytes of weights from which a step can stop inside. It then keeps its gradient in memory and updates at
    // the end: weights updated in part would be of no use to anybody.
    static constexpr double kLongStepBytes = 1e10;

    struct Layer {
        int number, in, out, activation;
        double activation_parameter;
        bool keeps_z, keeps_mask;
        std::size_t weights;  // offset of panels of in + 1 rows, the last being the bias
        T* a;                 // activations, masked by dropout
        T* z;                 // what they were computed from, if the derivative needs it
        T* d;                 // derivative of the loss by z
        T* mask;              // of dropout
    };

    struct Batch {
        Rows<T> rows;
        const std::int64_t* order;  // null: consecutive rows
        std::size_t first;
        int count;
        T scale;  // 1/Σw
        long step;

        std::size_t row(int i) const { return order ? static_cast<std::size_t>(order[i]) : first + i; }
    };

    Range share(int thread, int jobs) const {
        const long n = pool_.threads();
        return {int(jobs * std::int64_t(thread) / n), int(jobs * std::int64_t(thread + 1) / n)};
    }

    static int panels(int columns) { return ceil_div(columns, kWidth); }
    static int vectors_in_panel(int columns, int panel) {
        return std::min(panel_vectors, ceil_div(columns - panel * kWidth, kLanes));
    }
    std::size_t panel_step() const { return std::size_t(max_rows_) * kWidth; }
    static int gradient_tiles(const Layer& layer) { return panels(layer.out) * (ceil_div(layer.in, tile_rows) + 1); }
    int count_tiles() const {
        int tiles = 0;
        for (const Layer& layer : layers_) tiles += gradient_tiles(layer);
        return tiles;
    }
    T* weight_panel(const Layer& layer, int panel) const {
        return weights_ + layer.weights + std::size_t(panel) * (layer.in + 1) * kWidth;
    }
    const T* layer_input(std::size_t l) const { return l == 0 ? input_ : layers_[l - 1].a; }
    bool trains() const { return settings_.update >= 0; }
    bool has_penalty() const { return settings_.l1 > 0 || settings_.l2 > 0; }

    // Whether to leave the rest of a phase; asked before each tile, a product over `depth` terms.
    bool stopped(int thread, std::size_t depth) {
        if (!stops_inside_) return false;
        if (thread == 0) this->poll(depth * tile_rows * kWidth);
        return this->cut_short();
    }

    template <class Body>
    static void with_activation(const Layer& layer, Body body) {
        equations::with_activation(layer.activation, layer.activation_parameter, body);
    }
    template <class Body>
    void with_recurrence(const Step& step, Body body) const {
        equations::with_update<V>(settings_.update, step.number + 1, step.constants, body);
    }

    // copy(packed, flat, count) for each run of columns, in theta's order; copy moves `flat` on.
    template <class Flat, class Copy>
    void exchange(T* packed, Flat flat, Copy copy) const {
        for (const Layer& layer : layers_)
            for (int i = 0; i <= layer.in; ++i)
                for (int p = 0; p < panels(layer.out); ++p)
                    copy(packed + (weight_panel(layer, p) - weights_) + std::size_t(i) * kWidth, flat,
                         std::min(kWidth, layer.out - p * kWidth));
    }

    // The rows whose first and last layer this thread computes, in whole tiles.
    Range rows_of(int thread, const Batch& batch) const {
        const Range tiles = share(thread, ceil_div(batch.count, tile_rows));
        return {tiles.begin * tile_rows, std::min(batch.count, tiles.end * tile_rows)};
    }

    // Where the inputs of all rows are, and copies of the targets and weights of these.
    void find_rows(int thread, const Batch& batch, Range rows) {
        const int in = layers_[0].in, out = layers_.back().out;
        for (int r = 0; r < batch.count; ++r) rows_of_thread(thread)[r] = batch.rows.X + batch.row(r) * in;
        for (int r = rows.begin; r < rows.end; ++r) {
            const std::size_t from = batch.row(r);
            if (batch.rows.Y) std::copy_n(batch.rows.Y + from * out, out, targets_ + r * target_stride_);
            row_weights_[r] = batch.rows.weight ? batch.rows.weight[from] : T(1);
        }
    }

    // body(thread, chunk) on every thread, after the hidden layers' forward pass of each chunk of rows.
    template <class Body>
    void for_chunks(const Rows<T>& rows, Body body) {
        stops_inside_ = true;
        pool_.run([&](int thread) {
            for (std::size_t first = 0; first < rows.n; first += max_rows_) {
                if (thread == 0) stop_ = this->cut_short();
                pool_.barrier.wait();
                if (stop_) return;  // all threads alike
                const int count = static_cast<int>(std::min<std::size_t>(max_rows_, rows.n - first));
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

    // Z = A W + b for one tile of rows and one panel, past the first layer.
    void affine_tile(std::size_t l, int panel, int row, int rows, T* to) const {
        multiply_affine(l, panel, rows, to, PanelRows<T>{layers_[l - 1].a + std::size_t(row) * kWidth, panel_step()});
    }

    // The same in the first layer; copies some rows and fetches others meanwhile.
    void affine_data_tile(int thread, int panel, Range rows, T* to, Range copied, Range fetched) {
        multiply_affine(0, panel, rows.end - rows.begin, to,
                        DataRows<T>{rows_of_thread(thread) + rows.begin, copy_of(thread, copied),
                                    rows_of_thread(thread) + fetched.begin, fetched.end - fetched.begin});
    }

    RowsCopy<T> copy_of(int thread, Range rows) {
        return {rows_of_thread(thread) + rows.begin, rows.end - rows.begin, layers_[0].in,
                input_ + std::size_t(rows.begin) * kWidth, panel_step()};
    }
    void copy_rows(int thread, Range rows) {
        for (int k = 0; k < layers_[0].in; k += kWidth) copy_of(thread, rows).columns(k);
    }
    const T** rows_of_thread(int thread) { return rows_.data() + std::size_t(thread) * max_rows_; }
    static Range part_of(Range range, int part, int parts) {
        const int n = std::max(0, range.end - range.begin);
        return {range.begin + n * part / parts, range.begin + n * (part + 1) / parts};
    }

    template <class Left>
    void multiply_affine(std::size_t l, int panel, int rows, T* to, const Left& a) const {
        const Layer& layer = layers_[l];
        const T* w = weight_panel(layer, panel);
        multiply_tile(rows, vectors_in_panel(layer.out, panel), a, w, layer.in, w + std::size_t(layer.in) * kWidth, to);
    }

    // body(panel, first row, rows, where the tile starts, its vectors) for this thread's tiles of a layer's activations.
    template <class Body>
    void for_tiles(int thread, const Batch& batch, const Layer& layer, std::size_t depth, Body body) {
        const int tiles = ceil_div(batch.count, tile_rows);
        const Range mine = share(thread, panels(layer.out) * tiles);
        for (int job = mine.begin; job < mine.end && !stopped(thread, depth); ++job) {
            const int panel = job / tiles, row = job % tiles * tile_rows;
            body(panel, row, std::min(tile_rows, batch.count - row),
                 panel * panel_step() + std::size_t(row) * kWidth, vectors_in_panel(layer.out, panel));
        }
    }

    void forward(int thread, const Batch& batch, std::size_t l, bool drop) {
        const Layer& layer = layers_[l];
        with_activation(layer, [&](auto activation) {
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
            if (l == 0)
                forward_data(thread, batch, finish);
            else
                for_tiles(thread, batch, layer, layer.in, [&](int panel, int row, int rows, std::size_t at, int vectors) {
                    affine_tile(l, panel, row, rows, layer.a + at);
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
        const Range mine = share(thread, panels(layer.out) * tiles), own = rows_of(thread, batch);
        auto panels_of = [&](int tile) {  // that this thread multiplies this tile with
            return Range{ceil_div(std::max(0, mine.begin - tile), tiles), ceil_div(std::max(0, mine.end - tile), tiles)};
        };
        auto rows_in = [&](int tile, Range among) {
            return Range{std::max(tile * tile_rows, among.begin), std::min((tile + 1) * tile_rows, among.end)};
        };
        find_rows(thread, batch, own);
        if (trains())
            for (int tile = own.begin / tile_rows; tile * tile_rows < own.end; ++tile)
                if (const Range to = panels_of(tile); to.begin >= to.end) copy_rows(thread, rows_in(tile, own));
        const int group = std::max<int>(1, kGroupBytes / (layer.in * kWidth * sizeof(T)));
        for (int begin = mine.begin / tiles; begin * tiles < mine.end; begin += group) {
            for (int tile = 0; tile < tiles; ++tile) {
                const Range all = panels_of(tile), now{std::max(all.begin, begin), std::min(all.end, begin + group)};
                const Range rows = rows_in(tile, {0, batch.count}), next = rows_in(tile + 1, {0, batch.count});
                const bool first = now.begin == all.begin;
                const Range copied = first && trains() ? rows_in(tile, own) : Range{0, 0}, fetched = first ? next : Range{0, 0};
                for (int panel = now.begin; panel < now.end && !stopped(thread, layer.in); ++panel) {
                    const std::size_t at = panel * panel_step() + std::size_t(rows.begin) * kWidth;
                    const int part = panel - now.begin, parts = now.end - now.begin;
                    affine_data_tile(thread, panel, rows, layer.a + at, part_of(copied, part, parts),
                                     part_of(fetched, part, parts));
                    finish(panel, rows.begin, rows.end - rows.begin, at, vectors_in_panel(layer.out, panel));
                }
            }
        }
    }

    void apply_dropout(const Batch& batch, const Layer& layer, int panel, int row, int rows, std::size_t at) const {
        const auto threshold = static_cast<std::uint32_t>(settings_.dropout * 4294967296.0);
        const T scale = T(1 / (1 - settings_.dropout));
        const Philox philox(settings_.seed, layer.number, batch.step);
        const int columns = std::min(kWidth, layer.out - panel * kWidth);
        std::uint32_t draws[kWidth];
        for (int r = 0; r < rows; ++r) {
            philox.numbers(std::uint64_t(row + r) * layer.out + panel * kWidth, columns, draws);
            T *mask = layer.mask + at + r * kWidth, *a = layer.a + at + r * kWidth;
            for (int c = 0; c < columns; ++c) {
                mask[c] = draws[c] >= threshold ? scale : T(0);
                a[c] *= mask[c];
            }
        }
    }

    PanelRow<T> output_row(int row) const {
        return {layers_.back().d + std::size_t(row) * kWidth, panel_step(), layers_.back().out};
    }

    void output_tile(int thread, int row, int rows) {
        const Layer& layer = layers_.back();
        for (int panel = 0; panel < panels(layer.out); ++panel) {
            T* to = layer.d + panel * panel_step() + std::size_t(row) * kWidth;
            if (layers_.size() == 1)
                affine_data_tile(thread, panel, {row, row + rows}, to, {row, panel == 0 && trains() ? row + rows : row}, {0, 0});
            else
                affine_tile(layers_.size() - 1, panel, row, rows, to);
        }
    }

    // ∂ℓ/∂Z · w/Σw in the place of Z, and the mean loss in row_loss_, summed in the order of the rows.
    void output_slopes(int thread, const Batch& batch) {
        const Range mine = rows_of(thread, batch);
        if (layers_.size() == 1) find_rows(thread, batch, mine);
        for (int row = mine.begin; row < mine.end; row += tile_rows) {
            const int end = std::min(mine.end, row + tile_rows);
            output_tile(thread, row, end - row);
            T loss = 0;
            for (int r = row; r < end; ++r) {
                const T weight = row_weights_[r] * batch.scale;
                loss += weight * row_slopes(output_row(r), targets_ + r * target_stride_, weight, scratch_[thread]);
            }
            sums_[row / tile_rows] = loss;
        }
        pool_.barrier.wait();
        if (thread == 0) {
            row_loss_ = std::accumulate(sums_, sums_ + ceil_div(batch.count, tile_rows), 0.0);
            // a mean is a sum first, which overflows earlier
            if (!batch.rows.weight && !std::isfinite(T(row_loss_ / batch.scale))) row_loss_ = std::numeric_limits<double>::infinity();
        }
    }

    // The loss of one row; its z becomes weight · ∂ℓ/∂z, padding 0.
    T row_slopes(const PanelRow<T>& row, const T* y, T weight, T* scratch) const {
        const V scale = weight;
        const PanelRow<const T> target{y, kWidth, row.units};
        if (architecture_.loss == Architecture::kCrossEntropy)
            return equations::categorical_cross_entropy(row, target,
                                                        [&](int v, V slope) { (slope * scale).store(row.at(v)); });
        V total = 0;
        equations::with_loss(architecture_.loss, architecture_.loss_parameter, [&](auto loss) {
            if (!architecture_.loss_of_output) {
                for (int v = 0; v < row.size(); ++v) {
                    const V z = row(v);
                    total += row.within(v, loss.value(z, target(v)));
                    row.within(v, loss.slope(z, target(v)) * scale).store(row.at(v));
                }
                return;
            }
            T* kept_z = scratch;
            for (int v = 0; v < row.size(); ++v) row(v).store(kept_z + v * kLanes);
            activate(row);
            for (int v = 0; v < row.size(); ++v) total += row.within(v, loss.value(row(v), target(v)));
            auto da = [&](int v) { return loss.slope(row(v), target(v)); };
            if (layers_.back().activation == Architecture::kSoftmax) {
                equations::d_softmax(row, row, da, [&](int v, V dz) { row.within(v, dz * scale).store(row.at(v)); });
                return;
            }
            with_activation(layers_.back(), [&](auto activation) {
                for (int v = 0; v < row.size(); ++v) {
                    const V dz = activation.pull_back(da(v), V::load(kept_z + v * kLanes), row(v));
                    row.within(v, dz * scale).store(row.at(v));
                }
            });
        });
        return total.sum();
    }

    void activate(const PanelRow<T>& row) const {
        if (layers_.back().activation == Architecture::kSoftmax) {
            equations::softmax(row, [&](int v, V a) { a.store(row.at(v)); });
            return;
        }
        with_activation(layers_.back(), [&](auto activation) {
            for (int v = 0; v < row.size(); ++v) activation.f(row(v)).store(row.at(v));
        });
    }

    void output_rows(int thread, const Batch& chunk, T* out) {
        const Range mine = rows_of(thread, chunk);
        const int width = layers_.back().out;
        if (layers_.size() == 1) find_rows(thread, chunk, mine);
        for (int first = mine.begin; first < mine.end; first += tile_rows) {
            const int end = std::min(mine.end, first + tile_rows);
            output_tile(thread, first, end - first);
            for (int r = first; r < end; ++r) {
                const PanelRow<T> row = output_row(r);
                activate(row);
                for (int o = 0; o < width; ++o) out[std::size_t(r) * width + o] = row.at(o / kLanes)[o % kLanes];
            }
        }
    }

    // The transpose of kWidth rows of W, from row `first`, as one panel.
    void pack_transposed(const Layer& layer, int first, T* to) const {
        V block[kLanes];
        const int rows = std::min(kWidth, layer.in - first);
        for (int o = 0; o < layer.out; o += kLanes) {
            const T* from = weight_panel(layer, o / kWidth) + o % kWidth + std::size_t(first) * kWidth;
            for (int i = 0; i < kWidth; i += kLanes) {
                if (i + kLanes <= rows) {
#pragma GCC unroll 16
                    for (int r = 0; r < kLanes; ++r) block[r] = V::load(from + std::size_t(i + r) * kWidth);
                } else {
                    for (int r = 0; r < kLanes; ++r)
                        block[r] = i + r < rows ? V::load(from + std::size_t(i + r) * kWidth) : V(0);
                }
                transpose_square<T>(block);
#pragma GCC unroll 16
                for (int r = 0; r < kLanes; ++r) block[r].store(to + std::size_t(o + r) * kWidth + i);
            }
        }
    }

    // dZ of the layer below l, from dZ of layer l.
    void backward(int thread, const Batch& batch, std::size_t l) {
        const Layer &layer = layers_[l], &below = layers_[l - 1];
        T* packed = scratch_[thread];
        int packed_panel = -1;
        const V unmasked = T(1 - settings_.dropout);  // undoes the mask's scale where a unit was kept
        with_activation(below, [&](auto activation) {
            using Activation = decltype(activation);
            for_tiles(thread, batch, below, layer.out, [&](int panel, int row, int rows, std::size_t at, int vectors) {
                if (panel != packed_panel) {
                    pack_transposed(layer, panel * kWidth, packed);
                    packed_panel = panel;
                }
                multiply_tile(rows, vectors, PanelRows<T>{layer.d + std::size_t(row) * kWidth, panel_step()}, packed,
                              layer.out, zeros_, below.d + at);
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

    // consume(panel, first row, rows, vectors, tile's number, gradient) for this thread's tiles of dW and, as the last
    // row of each panel, db. It will read the tile's weights and slots, `runs` of them.
    template <class Consume>
    void gradient(int thread, const Batch& batch, std::size_t l, int runs, Consume consume) {
        const Layer& layer = layers_[l];
        int number = 0;
        for (std::size_t i = 0; i < l; ++i) number += gradient_tiles(layers_[i]);
        const int tiles = ceil_div(layer.in, tile_rows) + 1;
        const Range mine = share(thread, gradient_tiles(layer));
        alignas(64) T tile[tile_rows * kWidth];
        for (int job = mine.begin; job < mine.end && !stopped(thread, batch.count); ++job) {
            const int panel = job / tiles, first = job % tiles * tile_rows;
            const int vectors = vectors_in_panel(layer.out, panel);
            const T* d = layer.d + panel * panel_step();
            if (first >= layer.in) {
                column_sum(d, batch.count, vectors, tile);
                consume(panel, layer.in, 1, vectors, number + job, tile);
                continue;
            }
            const int rows = std::min(tile_rows, layer.in - first);
            const T* a = layer_input(l) + first / kWidth * panel_step() + first % kWidth;
            const T* w = weight_panel(layer, panel) + std::size_t(first) * kWidth;
            multiply_tile(rows, vectors, PanelColumns<T>{a, w, slot_stride_, runs}, d, batch.count, zeros_, tile);
            consume(panel, first, rows, vectors, number + job, tile);
        }
    }

    static void column_sum(const T* d, int rows, int vectors, T* sum) {
        constexpr int chains = 4;  // hide the latency of an addition
        for (int v = 0; v < vectors; ++v) {
            V s[chains] = {V(0), V(0), V(0), V(0)};
            std::ptrdiff_t r = 0;
            for (; r + chains <= rows; r += chains)
                for (int c = 0; c < chains; ++c) s[c] += V::load(d + (r + c) * kWidth + v * kLanes);
            for (; r < rows; ++r) s[0] += V::load(d + r * kWidth + v * kLanes);
            ((s[0] + s[1]) + (s[2] + s[3])).store(sum + v * kLanes);
        }
    }

    // Adds the penalty's slope to a tile of dW, and keeps the penalty itself.
    void penalise(const Batch& batch, const Layer& layer, int first, int rows, int vectors, int number, const T* w, T* g) {
        V total = 0;
        const T share = settings_.divide_penalty ? batch.scale : T(1);
        const V l1 = T(settings_.l1) * share, l2 = T(settings_.l2) * share;
        if (first < layer.in)
            for (int r = 0; r < rows; ++r)
                for (int v = 0; v < vectors; ++v) {
                    const int i = r * kWidth + v * kLanes;
                    total += equations::penalty(V::load(w + i), l1, l2);
                    (V::load(g + i) + equations::d_penalty(V::load(w + i), l1, l2)).store(g + i);
                }
        penalties_[number] = total.sum();
    }

    template <class Recurrence>
    void update_weights(int thread, const Batch& batch, std::size_t l, const Recurrence& recurrence) {
        const Layer& layer = layers_[l];
        constexpr int runs = 1 + Recurrence::slots;
        gradient(thread, batch, l, runs, [&](int panel, int first, int rows, int vectors, int number, T* g) {
            T* w = weight_panel(layer, panel) + std::size_t(first) * kWidth;
            if (has_penalty()) penalise(batch, layer, first, rows, vectors, number, w, g);
            for (int r = 0; r < rows; ++r)
                for (int v = 0; v < vectors; ++v) {
                    const int i = r * kWidth + v * kLanes;
                    update_vector(recurrence, w + i, V::load(g + i));
                }
        });
    }

    template <class Recurrence>
    void update_vector(const Recurrence& recurrence, T* at, V g) const {
        V w = V::load(at), first = 0, second = 0;
        if constexpr (Recurrence::slots > 0) first = V::load(at + slot_stride_);
        if constexpr (Recurrence::slots > 1) second = V::load(at + 2 * slot_stride_);
        recurrence(w, g, first, second);
        w.store(at);
        if constexpr (Recurrence::slots > 0) first.store(at + slot_stride_);
        if constexpr (Recurrence::slots > 1) second.store(at + 2 * slot_stride_);
    }

    // The gradient to memory, with the squared norm of each tile.
    void store_gradient(int thread, const Batch& batch, std::size_t l) {
        const Layer& layer = layers_[l];
        gradient(thread, batch, l, has_penalty(), [&](int panel, int first, int rows, int vectors, int number, T* g) {
            const T* w = weight_panel(layer, panel) + std::size_t(first) * kWidth;
            if (has_penalty()) penalise(batch, layer, first, rows, vectors, number, w, g);
            T* to = gradient_ + (w - weights_);
            V squares = 0;
            for (int r = 0; r < rows; ++r)
                for (int v = 0; v < vectors; ++v) {
                    const V value = V::load(g + r * kWidth + v * kLanes);
                    squares += value * value;
                    value.store(to + r * kWidth + v * kLanes);
                }
            sums_[number] = squares.sum();
        });
    }

    template <class Recurrence>
    void apply_gradient(int thread, const Recurrence& recurrence) {
        const double norm = std::sqrt(std::accumulate(sums_, sums_ + count_tiles(), 0.0));
        const bool clips = settings_.clip_norm > 0 && norm > settings_.clip_norm;
        const V scale = T(clips ? settings_.clip_norm / norm : 1.0);
        const Range mine = share(thread, int(slot_stride_ / kLanes));
        for (std::size_t i = std::size_t(mine.begin) * kLanes; i < std::size_t(mine.end) * kLanes; i += kLanes)
            update_vector(recurrence, weights_ + i, V::load(gradient_ + i) * scale);
    }

    const Architecture architecture_;
    const Settings settings_;
    const Rows<T> data_;
    Pool pool_;
    Arena arena_;
    const int max_rows_;
    std::vector<Layer> layers_;
    T* weights_;  // followed by the optimizer's slots, slot_stride_ apart
    std::size_t slot_stride_;
    T* gradient_;  // in memory only for clipping and in long steps
    bool gradient_in_memory_;
    bool stops_inside_ = false, stop_ = false;
    std::vector<const T*> rows_;  // of the batch, once for each thread
    T* input_;                    // and the same in panels
    T* targets_;
    std::size_t target_stride_;
    T* row_weights_;
    T* sums_;       // of losses, one per tile of rows; of squares, one per tile of the gradient
    T* penalties_;  // one per tile of the gradient
    T* zeros_;
    double row_loss_ = 0;
    std::vector<T*> scratch_;  // of each thread: a packed panel, or a row of outputs
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
