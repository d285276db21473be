// The memory of a wide network's run: weights, slots, activations and slopes in panels, laid out once.
#pragma once

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "equations.hpp"
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
struct WideLayer {
    int number, in, out, activation;
    double activation_parameter;
    bool keeps_z, keeps_mask;
    int packed;           // rows of weights in panels: all, or none if they are read from theta
    std::size_t weights;  // offset of panels of packed + 1 rows, the last being the bias
    T* a;                 // activations, masked by dropout
    T* z;                 // what they were computed from, if the derivative needs it
    T* d;                 // derivative of the loss by z
    T* mask;              // of dropout

    int panels() const { return ceil_div(out, panel_width<T>); }
    int vectors_in_panel(int panel) const {
        return std::min(panel_vectors, ceil_div(out - panel * panel_width<T>, Vec<T>::size));
    }
    std::size_t panel_size() const { return std::size_t(packed + 1) * panel_width<T>; }
    // Of dW, and one of each panel for db.
    int gradient_tiles() const { return panels() * (ceil_div(in, tile_rows) + 1); }

    template <class Body>
    void with_activation(Body body) const {
        equations::with_activation(activation, activation_parameter, body);
    }
};

// Of a step, or of a prediction, whose rows stay in the cache of their thread.
inline int most_rows(const Settings& settings, int threads) {
    constexpr std::size_t at_once = 128;
    return static_cast<int>(settings.update >= 0 ? settings.batch_size : std::min(settings.batch_size, at_once * threads));
}

template <class T>
class WideMemory {
public:
    static constexpr std::size_t kSums = 3;  // over all ranks: losses, weights, wishes to stop
    const bool trains;
    const int max_rows;  // of a batch
    const int slot_count;
    bool gradient_in_memory;
    std::size_t slot_stride, target_stride;
    std::vector<WideLayer<T>> layers;
    // Of a first layer that is not packed, theta and the slots in their own layout: where they are read, and where a step
    // writes them.
    std::vector<const T*> read;
    std::vector<T*> written;
    T* weights;      // followed by the optimizer's slots, slot_stride apart
    T* gradient;     // in memory only for clipping, in long steps and on several ranks; the sums of a step follow it
    T* input;        // rows of the batch in panels
    T* targets;      // of these rows, target_stride apart
    T* row_weights;
    T* losses;       // one per tile of rows
    T* squares;      // of the gradient in memory, one per tile of it
    T* penalties;    // one per tile of the gradient
    T* zeros;
    std::vector<T*> scratch;  // of each thread: a packed panel, or a row of outputs

    WideMemory(const Architecture& architecture, const Settings& settings, int max_rows, int threads, bool sparse)
        : trains(settings.update >= 0), max_rows(max_rows), slot_count(settings.slots) {
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
        std::size_t multiplied = 0;  // weights and biases that whole rows are multiplied with
        for (int l = sparse ? 2 : 1; l <= architecture.layers(); ++l)
            multiplied += (architecture.sizes[l - 1] + 1) * std::size_t(ceil_div(architecture.sizes[l], kWidth)) * kWidth;
        const double step_bytes = double(settings.batch_size) * multiplied * sizeof(T);
        gradient_in_memory = trains && (settings.clip_norm > 0 || step_bytes > kLongStepBytes || settings.ranks);
        for (int l = 1; l <= architecture.layers(); ++l) {
            WideLayer<T> layer{};
            layer.number = l;
            layer.in = architecture.sizes[l - 1];
            layer.out = architecture.sizes[l];
            layer.activation = architecture.activations[l - 1];
            layer.activation_parameter = architecture.activation_parameters[l - 1];
            const bool last = l == architecture.layers();
            if (!last) layer.with_activation([&](auto activation) { layer.keeps_z = activation.needs_z; });
            layer.keeps_mask = !last && settings.dropout > 0;
            // a step or a prediction of sparse rows needs few of the first layer's weights, and the update needs each once: to
            // pack them would take longer; a panel's width of numbers lies behind them
            const bool stays = sparse && l == 1 && !gradient_in_memory &&
                               architecture.parameters() >= std::size_t(layer.in) * layer.out + kWidth;
            layer.packed = stays ? 0 : layer.in;
            layer.weights = take(layer.panels() * layer.panel_size());
            layers.push_back(layer);
        }
        take(5 * kLine);  // keeps the streams of a tile apart modulo a page
        slot_stride = elements;
        if (trains) elements += settings.slots * slot_stride;
        const std::size_t gradient_at = gradient_in_memory ? take(slot_stride + kSums) : 0;
        int widest = 0;
        for (const WideLayer<T>& layer : layers) {
            const std::size_t size = std::size_t(layer.panels()) * kWidth * max_rows;
            offsets.push_back({take(size), layer.keeps_z ? take(size) : 0, trains ? take(size) : 0,
                               layer.keeps_mask ? take(size) : 0});
            widest = std::max(widest, layer.out);
        }
        const std::size_t input_size = std::size_t(ceil_div(layers.front().in, kWidth)) * kWidth * max_rows;
        const std::size_t input_at = trains && !sparse ? take(input_size) : 0;
        target_stride = std::size_t(layers.back().panels()) * kWidth;
        const std::size_t targets_at = take(target_stride * max_rows);
        const std::size_t row_weights_at = take(max_rows);
        const std::size_t losses_at = take(ceil_div(max_rows, tile_rows));
        const std::size_t squares_at = take(gradient_in_memory ? gradient_tiles() : 0);
        const std::size_t penalties_at = take(gradient_tiles());
        const std::size_t zeros_at = take(kWidth);
        const std::size_t scratch_size = std::max(std::size_t(ceil_div(widest, kWidth)) * kWidth * kWidth, 2 * target_stride);
        std::vector<std::size_t> scratch_at;
        for (int thread = 0; thread < threads; ++thread) scratch_at.push_back(take(scratch_size));

        T* const base = static_cast<T*>(arena_.reserve(elements * sizeof(T)));
        weights = base;
        gradient = base + gradient_at;
        input = base + input_at;
        targets = base + targets_at;
        row_weights = base + row_weights_at;
        losses = base + losses_at;
        squares = base + squares_at;
        penalties = base + penalties_at;
        zeros = base + zeros_at;
        for (std::size_t at : scratch_at) scratch.push_back(base + at);
        for (std::size_t l = 0; l < layers.size(); ++l) {
            layers[l].a = base + offsets[l].a;
            layers[l].z = base + offsets[l].z;
            layers[l].d = base + offsets[l].d;
            layers[l].mask = base + offsets[l].mask;
        }
        // a prediction has no slopes: its output layer's z goes where its activations do
        if (!trains) layers.back().d = layers.back().a;
    }

    std::size_t panel_step() const { return std::size_t(max_rows) * kWidth; }
    T* weight_panel(const WideLayer<T>& layer, int panel) const {
        return weights + layer.weights + panel * layer.panel_size();
    }
    PanelRow<T> output_row(int row) const {
        return {layers.back().d + std::size_t(row) * kWidth, panel_step(), layers.back().out};
    }
    const T* layer_input(std::size_t l) const { return l == 0 ? input : layers[l - 1].a; }
    int gradient_tiles() const { return gradient_tiles_before(layers.size()); }
    int gradient_tiles_before(std::size_t layer) const {
        int tiles = 0;
        for (std::size_t l = 0; l < layer; ++l) tiles += layers[l].gradient_tiles();
        return tiles;
    }

    // The transpose of kWidth rows of W, from row `first`, as one panel.
    void pack_transposed(const WideLayer<T>& layer, int first, T* to) const {
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

    void load(const T* from, const T* const* slots, T* theta_out, T* const* slots_out) {
        read = {from};
        if (trains) {
            read.insert(read.end(), slots, slots + slot_count);
            written = {theta_out};
            written.insert(written.end(), slots_out, slots_out + slot_count);
        }
        auto copy = [](T* packed, const T*& from, int count) {
            std::copy_n(from, count, packed);
            from += count;
        };
        exchange(weights, from, copy);
        for (int s = 0; slots && s < slot_count; ++s) exchange(weights + (s + 1) * slot_stride, slots[s], copy);
    }

    // Before a step that leaves some weights as they are.
    void copy_unpacked() {
        for (std::size_t i = 0; i < read.size(); ++i)
            if (read[i] != written[i]) std::copy_n(read[i], unpacked_size(), written[i]);
        was_written();
    }
    // After a step.
    void was_written() { read.assign(written.begin(), written.end()); }

    void store(T* to, T* const* slots) const {
        if (to != read[0]) std::copy_n(read[0], unpacked_size(), to);
        for (int s = 0; slots && s < slot_count; ++s)
            if (slots[s] != read[s + 1]) std::copy_n(read[s + 1], unpacked_size(), slots[s]);
        auto copy = [](const T* packed, T*& to, int count) { to = std::copy_n(packed, count, to); };
        exchange(weights, to, copy);
        for (int s = 0; slots && s < slot_count; ++s) exchange(weights + (s + 1) * slot_stride, slots[s], copy);
    }

private:
    using V = Vec<T>;
    static constexpr int kWidth = panel_width<T>, kLanes = V::size;
    static constexpr int kLine = 64 / sizeof(T);
    // Rows times bytes of weights from which a step can stop inside. It then keeps its gradient in memory and updates at
    // the end: weights updated in part would be of no use to anybody.
    static constexpr double kLongStepBytes = 1e10;

    std::size_t unpacked_size() const { return std::size_t(layers[0].in - layers[0].packed) * layers[0].out; }

    // copy(packed, flat, count) for each run of columns, in theta's order; copy moves `flat` on.
    template <class Flat, class Copy>
    void exchange(T* packed, Flat flat, Copy copy) const {
        for (const WideLayer<T>& layer : layers) {
            if (layer.number == 1) flat += unpacked_size();
            for (int i = 0; i <= layer.packed; ++i)
                for (int p = 0; p < layer.panels(); ++p)
                    copy(packed + (weight_panel(layer, p) - weights) + std::size_t(i) * kWidth, flat,
                         std::min(kWidth, layer.out - p * kWidth));
        }
    }

    Arena arena_;
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
