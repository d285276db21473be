// The output of single rows, straight from theta: for answers in microseconds, where packing weights would cost more.
#pragma once

#include <algorithm>
#include <utility>

#include "equations.hpp"
#include "lanes.hpp"
#include "tiles.hpp"
#include "trainer.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {

// Outputs lie across the lanes; theta is read where the user keeps it.
template <class T>
class RowPredictor {
public:
    explicit RowPredictor(const Architecture& architecture) : architecture_(architecture) {
        int widest = 0;
        for (int size : architecture.sizes) widest = std::max(widest, size);
        in_ = AlignedArray<T>(widest + V::size);
        out_ = AlignedArray<T>(widest + V::size);
    }

    // out (sizes.back()) = the network's output for x (sizes.front()).
    void predict(const T* theta, const T* x, T* out) {
        std::copy_n(x, architecture_.sizes.front(), static_cast<T*>(in_));
        for (int l = 1; l <= architecture_.layers(); ++l) {
            const int inputs = architecture_.sizes[l - 1], outputs = architecture_.sizes[l];
            const T* bias = theta + std::size_t(inputs) * outputs;
            int o = 0;
            for (; o + 4 * V::size <= outputs; o += 4 * V::size) columns<4>(theta, bias, inputs, outputs, o);
            for (; o + V::size <= outputs; o += V::size) columns<1>(theta, bias, inputs, outputs, o);
            for (; o < outputs; ++o) {
                T z = bias[o];
                for (int i = 0; i < inputs; ++i) z += in_[i] * theta[std::size_t(i) * outputs + o];
                out_[o] = z;
            }
            activate(l, outputs);
            std::swap(in_, out_);
            theta = bias + outputs;
        }
        std::copy_n(static_cast<const T*>(in_), architecture_.sizes.back(), out);
    }

private:
    using V = Vec<T>;

    // z for Vectors vectors of outputs from o.
    template <int Vectors>
    void columns(const T* W, const T* bias, int inputs, int outputs, int o) {
        V z[Vectors];
        for (int v = 0; v < Vectors; ++v) z[v] = V::load_unaligned(bias + o + v * V::size);
        const T* w = W + o;
        for (int i = 0; i < inputs; ++i, w += outputs) {
            const V x = in_[i];
            for (int v = 0; v < Vectors; ++v) z[v] += x * V::load_unaligned(w + v * V::size);
        }
        for (int v = 0; v < Vectors; ++v) z[v].store(out_ + o + v * V::size);
    }

    void activate(int layer, int outputs) {
        const int activation = architecture_.activations[layer - 1];
        if (activation != Architecture::kSoftmax) {
            equations::with_activation(activation, architecture_.activation_parameters[layer - 1], [&](auto g) {
                for (int o = 0; o < outputs; o += V::size)
                    g.f(V::load(out_ + o)).store(out_ + o);
            });
            return;
        }
        const PanelRow<T> row{out_, panel_width<T>, outputs};
        equations::softmax(row, [&](int v, V a) { a.store(row.at(v)); });
    }

    const Architecture architecture_;
    AlignedArray<T> in_, out_;  // of the layer at work, with room for a whole vector past the end
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
