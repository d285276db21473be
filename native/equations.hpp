// The equations, generated from src/glassnet/equations by `python -m glassnet.native.generate`; do not edit.
#pragma once

#include <cmath>
#include <utility>

#include "elementary.hpp"

namespace glassnet {
inline namespace GLASSNET_ISA {
namespace equations {


template <class V> inline V sigmoid([[maybe_unused]] V z) {
    V e = exp(minimum(z, -z));
    return where(z >= V(0), V(1), e) / (V(1) + e);
}

template <class V> inline V identity([[maybe_unused]] V z) {
    return z;
}

template <class V> inline V d_identity([[maybe_unused]] V z, [[maybe_unused]] V a) {
    return V(1);
}

template <class V> inline V relu([[maybe_unused]] V z) {
    return maximum(z, V(0));
}

template <class V> inline V d_relu([[maybe_unused]] V z, [[maybe_unused]] V a) {
    return where(a > V(0), V(1), V(0));
}

template <class V> inline V leaky_relu([[maybe_unused]] V z, [[maybe_unused]] V slope) {
    return where(z > V(0), z, slope * z);
}

template <class V> inline V d_leaky_relu([[maybe_unused]] V z, [[maybe_unused]] V a, [[maybe_unused]] V slope) {
    return where(z > V(0), V(1), slope);
}

template <class V> inline V elu([[maybe_unused]] V z, [[maybe_unused]] V alpha) {
    return where(z > V(0), z, alpha * expm1(minimum(z, V(0))));
}

template <class V> inline V d_elu([[maybe_unused]] V z, [[maybe_unused]] V a, [[maybe_unused]] V alpha) {
    return where(z > V(0), V(1), a + alpha);
}

template <class V> inline V gelu([[maybe_unused]] V z) {
    V s = maximum(minimum(z, V(25)), -V(25));
    return z * sigmoid(V(1.5957691216057308) * (s + V(0.044715) * (s * s * s)));
}

template <class V> inline V d_gelu([[maybe_unused]] V z, [[maybe_unused]] V a) {
    V s = maximum(minimum(z, V(25)), -V(25));
    V p = sigmoid(V(1.5957691216057308) * (s + V(0.044715) * (s * s * s)));
    return p + a * (V(1) - p) * V(1.5957691216057308) * (V(1) + V(0.134145) * (s * s));
}

template <class V> inline V silu([[maybe_unused]] V z) {
    return z * sigmoid(z);
}

template <class V> inline V d_silu([[maybe_unused]] V z, [[maybe_unused]] V a) {
    V s = sigmoid(z);
    return s + a * (V(1) - s);
}

template <class V> inline V softplus([[maybe_unused]] V z) {
    return maximum(z, V(0)) + log1p(exp(minimum(z, -z)));
}

template <class V> inline V d_softplus([[maybe_unused]] V z, [[maybe_unused]] V a) {
    return sigmoid(z);
}

template <class V> inline V d_sigmoid([[maybe_unused]] V z, [[maybe_unused]] V a) {
    return a * (V(1) - a);
}

template <class V> inline V tanh([[maybe_unused]] V z) {
    return tanh(z);
}

template <class V> inline V d_tanh([[maybe_unused]] V z, [[maybe_unused]] V a) {
    return V(1) - a * a;
}

template <class V> inline V exponential([[maybe_unused]] V z) {
    return exp(z);
}

template <class V> inline V d_exponential([[maybe_unused]] V z, [[maybe_unused]] V a) {
    return a;
}

template <class V> inline V squared_error([[maybe_unused]] V z, [[maybe_unused]] V y) {
    return V(0.5) * ((z - y) * (z - y));
}

template <class V> inline V d_squared_error([[maybe_unused]] V z, [[maybe_unused]] V y) {
    return z - y;
}

template <class V> inline V absolute_error([[maybe_unused]] V z, [[maybe_unused]] V y) {
    return maximum(z - y, y - z);
}

template <class V> inline V d_absolute_error([[maybe_unused]] V z, [[maybe_unused]] V y) {
    return sign(z - y);
}

template <class V> inline V huber([[maybe_unused]] V z, [[maybe_unused]] V y, [[maybe_unused]] V delta) {
    V r = maximum(z - y, y - z);
    V q = minimum(r, delta);
    return q * (r - V(0.5) * q);
}

template <class V> inline V d_huber([[maybe_unused]] V z, [[maybe_unused]] V y, [[maybe_unused]] V delta) {
    return maximum(minimum(z - y, delta), -delta);
}

template <class V> inline V quantile([[maybe_unused]] V z, [[maybe_unused]] V y, [[maybe_unused]] V q) {
    return maximum(q * (y - z), (q - V(1)) * (y - z));
}

template <class V> inline V d_quantile([[maybe_unused]] V z, [[maybe_unused]] V y, [[maybe_unused]] V q) {
    return (V(1) - q) * where(z > y, V(1), V(0)) - q * where(z < y, V(1), V(0));
}

template <class V> inline V poisson([[maybe_unused]] V z, [[maybe_unused]] V y) {
    return exp(z) - y * minimum(z, V(1000));
}

template <class V> inline V d_poisson([[maybe_unused]] V z, [[maybe_unused]] V y) {
    return exp(z) - y;
}

template <class V> inline V binary_cross_entropy([[maybe_unused]] V z, [[maybe_unused]] V y) {
    return maximum(z, V(0)) - y * z + log1p(exp(minimum(z, -z)));
}

template <class V> inline V d_binary_cross_entropy([[maybe_unused]] V z, [[maybe_unused]] V y) {
    return sigmoid(z) - y;
}

template <class V> inline V penalty([[maybe_unused]] V w, [[maybe_unused]] V l1, [[maybe_unused]] V l2) {
    return l1 * maximum(w, -w) + V(0.5) * l2 * (w * w);
}

template <class V> inline V d_penalty([[maybe_unused]] V w, [[maybe_unused]] V l1, [[maybe_unused]] V l2) {
    return l1 * sign(w) + l2 * w;
}

// Row-wise equations: z(j) is unit j of a row, or a vector of its units, and finish(j, value) takes the result. z.keep(f)
// puts f(j) in z's place; the kernels' RowsAcrossLanes and PanelRow say how.

template <class Z, class Finish>
inline void softmax(Z z, Finish finish) {
    using V = typename Z::Number;
    const auto max = z.max([&](int j) { return z(j); });
    const auto e = z.keep([&](int j) { return exp(z(j) - max); });
    const auto sum = z.sum([&](int j) { return e(j); });
    const auto inverse = V(1) / sum;
    for (int j = 0; j < z.size(); ++j) finish(j, e(j) * inverse);
}

template <class Z, class A, class Da, class Finish>
inline void d_softmax(Z z, A a, Da da, Finish finish) {
    const auto sum = z.sum([&](int j) { return da(j) * a(j); });
    for (int j = 0; j < z.size(); ++j) finish(j, a(j) * (da(j) - sum));
}

template <class Z, class Y, class Finish>
inline auto categorical_cross_entropy(Z z, Y y, Finish finish) {
    using std::log;
    using V = typename Z::Number;
    const auto m = z.max([&](int j) { return z(j); });
    const auto sum = z.sum([&](int j) { return y(j) * z(j); });
    const auto e = z.keep([&](int j) { return exp(z(j) - m); });
    const auto s = z.sum([&](int j) { return e(j); });
    const auto inverse = V(1) / s;
    for (int j = 0; j < z.size(); ++j) finish(j, z.within(j, e(j) * inverse) - y(j));
    return log(s) + (m - sum);
}

struct Identity {
    static constexpr bool needs_z = false;  // whether df reads z
    static constexpr bool homogeneous = true;  // g(z) = g'(z) · z
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V f(V z) const { return equations::identity(z); }
    // da · g'(z)
    template <class V, class T = typename V::Scalar>
    V pull_back(V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return da * equations::d_identity(z, a); }
    // sum + da · g'(z)
    template <class V, class T = typename V::Scalar>
    V add_pull_back(V sum, V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return sum + da * equations::d_identity(z, a); }
};

struct Relu {
    static constexpr bool needs_z = false;  // whether df reads z
    static constexpr bool homogeneous = true;  // g(z) = g'(z) · z
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V f(V z) const { return equations::relu(z); }
    // da · g'(z)
    template <class V, class T = typename V::Scalar>
    V pull_back(V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return where(a > V(0), da, V(0)); }
    // sum + da · g'(z)
    template <class V, class T = typename V::Scalar>
    V add_pull_back(V sum, V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return where(a > V(0), sum + da, sum); }
};

struct LeakyRelu {
    static constexpr bool needs_z = true;  // whether df reads z
    static constexpr bool homogeneous = true;  // g(z) = g'(z) · z
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V f(V z) const { return equations::leaky_relu(z, V(T(parameter))); }
    // da · g'(z)
    template <class V, class T = typename V::Scalar>
    V pull_back(V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return da * equations::d_leaky_relu(z, a, V(T(parameter))); }
    // sum + da · g'(z)
    template <class V, class T = typename V::Scalar>
    V add_pull_back(V sum, V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return sum + da * equations::d_leaky_relu(z, a, V(T(parameter))); }
};

struct Elu {
    static constexpr bool needs_z = true;  // whether df reads z
    static constexpr bool homogeneous = false;  // g(z) = g'(z) · z
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V f(V z) const { return equations::elu(z, V(T(parameter))); }
    // da · g'(z)
    template <class V, class T = typename V::Scalar>
    V pull_back(V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return da * equations::d_elu(z, a, V(T(parameter))); }
    // sum + da · g'(z)
    template <class V, class T = typename V::Scalar>
    V add_pull_back(V sum, V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return sum + da * equations::d_elu(z, a, V(T(parameter))); }
};

struct Gelu {
    static constexpr bool needs_z = true;  // whether df reads z
    static constexpr bool homogeneous = false;  // g(z) = g'(z) · z
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V f(V z) const { return equations::gelu(z); }
    // da · g'(z)
    template <class V, class T = typename V::Scalar>
    V pull_back(V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return da * equations::d_gelu(z, a); }
    // sum + da · g'(z)
    template <class V, class T = typename V::Scalar>
    V add_pull_back(V sum, V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return sum + da * equations::d_gelu(z, a); }
};

struct Silu {
    static constexpr bool needs_z = true;  // whether df reads z
    static constexpr bool homogeneous = false;  // g(z) = g'(z) · z
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V f(V z) const { return equations::silu(z); }
    // da · g'(z)
    template <class V, class T = typename V::Scalar>
    V pull_back(V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return da * equations::d_silu(z, a); }
    // sum + da · g'(z)
    template <class V, class T = typename V::Scalar>
    V add_pull_back(V sum, V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return sum + da * equations::d_silu(z, a); }
};

struct Softplus {
    static constexpr bool needs_z = true;  // whether df reads z
    static constexpr bool homogeneous = false;  // g(z) = g'(z) · z
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V f(V z) const { return equations::softplus(z); }
    // da · g'(z)
    template <class V, class T = typename V::Scalar>
    V pull_back(V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return da * equations::d_softplus(z, a); }
    // sum + da · g'(z)
    template <class V, class T = typename V::Scalar>
    V add_pull_back(V sum, V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return sum + da * equations::d_softplus(z, a); }
};

struct Sigmoid {
    static constexpr bool needs_z = false;  // whether df reads z
    static constexpr bool homogeneous = false;  // g(z) = g'(z) · z
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V f(V z) const { return equations::sigmoid(z); }
    // da · g'(z)
    template <class V, class T = typename V::Scalar>
    V pull_back(V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return da * equations::d_sigmoid(z, a); }
    // sum + da · g'(z)
    template <class V, class T = typename V::Scalar>
    V add_pull_back(V sum, V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return sum + da * equations::d_sigmoid(z, a); }
};

struct Tanh {
    static constexpr bool needs_z = false;  // whether df reads z
    static constexpr bool homogeneous = false;  // g(z) = g'(z) · z
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V f(V z) const { return equations::tanh(z); }
    // da · g'(z)
    template <class V, class T = typename V::Scalar>
    V pull_back(V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return da * equations::d_tanh(z, a); }
    // sum + da · g'(z)
    template <class V, class T = typename V::Scalar>
    V add_pull_back(V sum, V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return sum + da * equations::d_tanh(z, a); }
};

struct Exponential {
    static constexpr bool needs_z = false;  // whether df reads z
    static constexpr bool homogeneous = false;  // g(z) = g'(z) · z
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V f(V z) const { return equations::exponential(z); }
    // da · g'(z)
    template <class V, class T = typename V::Scalar>
    V pull_back(V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return da * equations::d_exponential(z, a); }
    // sum + da · g'(z)
    template <class V, class T = typename V::Scalar>
    V add_pull_back(V sum, V da, [[maybe_unused]] V z, [[maybe_unused]] V a) const { return sum + da * equations::d_exponential(z, a); }
};

struct SquaredError {
    static constexpr bool has_log1p = false;  // value = rest + log1p(u)
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V value(V z, V y) const { return equations::squared_error(z, y); }
    template <class V, class T = typename V::Scalar> V slope(V z, V y) const { return equations::d_squared_error(z, y); }
};

struct AbsoluteError {
    static constexpr bool has_log1p = false;  // value = rest + log1p(u)
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V value(V z, V y) const { return equations::absolute_error(z, y); }
    template <class V, class T = typename V::Scalar> V slope(V z, V y) const { return equations::d_absolute_error(z, y); }
};

struct Huber {
    static constexpr bool has_log1p = false;  // value = rest + log1p(u)
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V value(V z, V y) const { return equations::huber(z, y, V(T(parameter))); }
    template <class V, class T = typename V::Scalar> V slope(V z, V y) const { return equations::d_huber(z, y, V(T(parameter))); }
};

struct Quantile {
    static constexpr bool has_log1p = false;  // value = rest + log1p(u)
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V value(V z, V y) const { return equations::quantile(z, y, V(T(parameter))); }
    template <class V, class T = typename V::Scalar> V slope(V z, V y) const { return equations::d_quantile(z, y, V(T(parameter))); }
};

struct Poisson {
    static constexpr bool has_log1p = false;  // value = rest + log1p(u)
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V value(V z, V y) const { return equations::poisson(z, y); }
    template <class V, class T = typename V::Scalar> V slope(V z, V y) const { return equations::d_poisson(z, y); }
};

struct BinaryCrossEntropy {
    static constexpr bool has_log1p = true;  // value = rest + log1p(u)
    template <class V> V rest(V z, V y) const { return maximum(z, V(0)) - y * z; }
    template <class V> V u([[maybe_unused]] V z, [[maybe_unused]] V y) const { return exp(minimum(z, -z)); }
    double parameter = 0;
    template <class V, class T = typename V::Scalar> V value(V z, V y) const { return equations::binary_cross_entropy(z, y); }
    template <class V, class T = typename V::Scalar> V slope(V z, V y) const { return equations::d_binary_cross_entropy(z, y); }
};

template <class V> struct SGD {
    using T = typename V::Scalar;
    static constexpr int slots = 0;
    V c0;
    explicit SGD(double learning_rate)
        : c0(V(T(learning_rate))) {}
    inline void operator()(V& theta, const V g, V&, V&) const {
        theta = theta - c0 * g;
    }
};

template <class V> struct Momentum {
    using T = typename V::Scalar;
    static constexpr int slots = 1;
    V c0;
    V c1;
    explicit Momentum(double learning_rate, double momentum)
        : c0(V(T(momentum))),
          c1(V(T(learning_rate))) {}
    inline void operator()(V& theta, const V g, V& v, V&) const {
        v = c0 * v - c1 * g;
        theta = theta + v;
    }
};

template <class V> struct Nesterov {
    using T = typename V::Scalar;
    static constexpr int slots = 1;
    V c0;
    V c1;
    explicit Nesterov(double learning_rate, double momentum)
        : c0(V(T(momentum))),
          c1(V(T(learning_rate))) {}
    inline void operator()(V& theta, const V g, V& v, V&) const {
        v = c0 * v - c1 * g;
        theta = theta + c0 * v - c1 * g;
    }
};

template <class V> struct RMSprop {
    using T = typename V::Scalar;
    static constexpr int slots = 1;
    V c0;
    V c1;
    V c2;
    V c3;
    explicit RMSprop(double learning_rate, double decay, double epsilon)
        : c0(V(T(decay))),
          c1(V(T((1 - decay)))),
          c2(V(T(learning_rate))),
          c3(V(T(epsilon))) {}
    inline void operator()(V& theta, const V g, V& v, V&) const {
        v = c0 * v + c1 * (g * g);
        theta = theta - fast_divide(c2 * g, fast_sqrt(v) + c3);
    }
};

template <class V> struct Adam {
    using T = typename V::Scalar;
    static constexpr int slots = 2;
    V c0;
    V c1;
    V c2;
    V c3;
    V c4;
    V c5;
    V c6;
    V c7;
    explicit Adam(double t, double learning_rate, double beta1, double beta2, double epsilon)
        : c0(V(T(beta1))),
          c1(V(T((1 - beta1)))),
          c2(V(T(beta2))),
          c3(V(T((1 - beta2)))),
          c4(V(T(1 / ((1 - std::pow(beta1, t)))))),
          c5(V(T(1 / ((1 - std::pow(beta2, t)))))),
          c6(V(T(learning_rate))),
          c7(V(T(epsilon))) {}
    inline void operator()(V& theta, const V g, V& m, V& v) const {
        m = c0 * m + c1 * g;
        v = c2 * v + c3 * (g * g);
        const V m_hat = m * c4;
        const V v_hat = v * c5;
        theta = theta - fast_divide(c6 * m_hat, fast_sqrt(v_hat) + c7);
    }
};

template <class V> struct AdamEpsilonHat {
    using T = typename V::Scalar;
    static constexpr int slots = 2;
    V c0;
    V c1;
    V c2;
    V c3;
    V c4;
    V c5;
    explicit AdamEpsilonHat(double t, double learning_rate, double beta1, double beta2, double epsilon)
        : c0(V(T(beta1))),
          c1(V(T((1 - beta1)))),
          c2(V(T(beta2))),
          c3(V(T((1 - beta2)))),
          c4(V(T(((learning_rate * std::pow((1 - std::pow(beta2, t)), 0.5)) / (1 - std::pow(beta1, t)))))),
          c5(V(T(epsilon))) {}
    inline void operator()(V& theta, const V g, V& m, V& v) const {
        m = c0 * m + c1 * g;
        v = c2 * v + c3 * (g * g);
        theta = theta - fast_divide(c4 * m, fast_sqrt(v) + c5);
    }
};

template <class V> struct AdamW {
    using T = typename V::Scalar;
    static constexpr int slots = 2;
    V c0;
    V c1;
    V c2;
    V c3;
    V c4;
    V c5;
    V c6;
    V c7;
    V c8;
    explicit AdamW(double t, double learning_rate, double beta1, double beta2, double epsilon, double weight_decay)
        : c0(V(T(beta1))),
          c1(V(T((1 - beta1)))),
          c2(V(T(beta2))),
          c3(V(T((1 - beta2)))),
          c4(V(T(1 / ((1 - std::pow(beta1, t)))))),
          c5(V(T(1 / ((1 - std::pow(beta2, t)))))),
          c6(V(T(learning_rate))),
          c7(V(T(epsilon))),
          c8(V(T(weight_decay))) {}
    inline void operator()(V& theta, const V g, V& m, V& v) const {
        m = c0 * m + c1 * g;
        v = c2 * v + c3 * (g * g);
        const V m_hat = m * c4;
        const V v_hat = v * c5;
        theta = theta - c6 * (fast_divide(m_hat, fast_sqrt(v_hat) + c7) + c8 * theta);
    }
};

// Calls body with the activation of this number, in the order of the Python registry.
template <class Body> decltype(auto) with_activation(int number, double parameter, Body&& body) {
    switch (number) {
        case 0: return body(Identity{parameter});
        case 1: return body(Relu{parameter});
        case 2: return body(LeakyRelu{parameter});
        case 3: return body(Elu{parameter});
        case 4: return body(Gelu{parameter});
        case 5: return body(Silu{parameter});
        case 6: return body(Softplus{parameter});
        case 7: return body(Sigmoid{parameter});
        case 8: return body(Tanh{parameter});
        default: return body(Exponential{parameter});
    }
}

// Calls body with the loss of this number, in the order of the Python registry.
template <class Body> decltype(auto) with_loss(int number, double parameter, Body&& body) {
    switch (number) {
        case 0: return body(SquaredError{parameter});
        case 1: return body(AbsoluteError{parameter});
        case 2: return body(Huber{parameter});
        case 3: return body(Quantile{parameter});
        case 4: return body(Poisson{parameter});
        default: return body(BinaryCrossEntropy{parameter});
    }
}

// Calls body with the update recurrence of this number at step t, from 1; constants as Python names them.
template <class V, class Body>
decltype(auto) with_update(int number, long t, const double* constants, Body&& body) {
    switch (number) {
        case 0: return body(SGD<V>(constants[0]));
        case 1: return body(Momentum<V>(constants[0], constants[1]));
        case 2: return body(Nesterov<V>(constants[0], constants[1]));
        case 3: return body(RMSprop<V>(constants[0], constants[1], constants[2]));
        case 4: return body(Adam<V>(double(t), constants[0], constants[1], constants[2], constants[3]));
        case 5: return body(AdamEpsilonHat<V>(double(t), constants[0], constants[1], constants[2], constants[3]));
        default: return body(AdamW<V>(double(t), constants[0], constants[1], constants[2], constants[3], constants[4]));
    }
}

}  // namespace equations
}  // namespace GLASSNET_ISA
}  // namespace glassnet
