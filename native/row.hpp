// The output of single rows, straight from theta: for answers in microseconds, where packing weights would cost more.
#pragma once

#include <algorithm>
#include <vector>

#include "equations.hpp"
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
        in_.resize(widest + V::size);
        out_.resize(widest + V::size);
    }

    // out (sizes.back()) = the network's output for x (sizes.front()).
    void predict(const T* theta, const T* x, T* out) {
        std::copy_n(x, architecture_.sizes.front(), in_.begin());
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
            in_.swap(out_);
            theta = bias + outputs;
        }
        std::copy_n(in_.begin(), architecture_.sizes.back(), out);
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
        for (int v = 0; v < Vectors; ++v) z[v].store_unaligned(&out_[o + v * V::size]);
    }

    void activate(int layer, int outputs) {
        const int activation = architecture_.activations[layer - 1];
        if (activation != Architecture::kSoftmax) {
            equations::with_activation(activation, architecture_.activation_parameters[layer - 1], [&](auto g) {
                for (int o = 0; o < outputs; o += V::size)
                    g.f(V::load_unaligned(&out_[o])).store_unaligned(&out_[o]);
            });
            return;
        }
        const T largest = *std::max_element(out_.begin(), out_.begin() + outputs);
        T sum = 0;
        for (int o = 0; o < outputs; o += V::size) {
            const V e = exp(V::load_unaligned(&out_[o]) - V(largest));
            e.store_unaligned(&out_[o]);
            for (int lane = 0; lane < std::min<int>(V::size, outputs - o); ++lane) sum += e[lane];
        }
        for (int o = 0; o < outputs; ++o) out_[o] /= sum;
    }

    const Architecture architecture_;
    std::vector<T> in_, out_;  // of the layer at work, with room for a whole vector past the end
};

}  // namespace GLASSNET_ISA
}  // namespace glassnet
