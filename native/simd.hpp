// A fixed-width SIMD vector of float or double, with its mask type.
//
// Everything is written with the compilers' vector extensions, so the same source serves every
// instruction set; the few intrinsics are for operations the extensions cannot express. Names are
// those of <cmath> and numpy, so that an expression reads the same for a scalar and for a vector.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Every instruction set is compiled to a module of its own; the inline namespace keeps their symbols apart as well.
#ifndef GLASSNET_ISA
#define GLASSNET_ISA generic
#endif

namespace glassnet {
inline namespace GLASSNET_ISA {

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
#elif defined(__AVX2__)
constexpr int vector_bytes = 32;
#else
constexpr int vector_bytes = 16;
#endif

// The IEEE layout of a scalar type.
template <class T>
struct Format;

template <>
struct Format<float> {
    using Int = int32_t;
    using Uint = uint32_t;
    static constexpr int mantissa_bits = 23;
    static constexpr int exponent_bias = 127;
};

template <>
struct Format<double> {
    using Int = int64_t;
    using Uint = uint64_t;
    static constexpr int mantissa_bits = 52;
    static constexpr int exponent_bias = 1023;
};

// b > a ? b : a, and likewise with <: the x86 instructions exactly, which the compilers miss when an
// argument is a constant. Other instruction sets get the expression.
template <class Raw>
inline Raw raw_no_less(Raw a, Raw b) { return b > a ? b : a; }
template <class Raw>
inline Raw raw_no_more(Raw a, Raw b) { return b < a ? b : a; }
#define GLASSNET_BOUNDS(REGISTER, MAX, MIN)                                             \
    inline REGISTER raw_no_less(REGISTER a, REGISTER b) { return MAX(b, a); } \
    inline REGISTER raw_no_more(REGISTER a, REGISTER b) { return MIN(b, a); }
#if defined(__x86_64__)
GLASSNET_BOUNDS(__m128, _mm_max_ps, _mm_min_ps)
GLASSNET_BOUNDS(__m128d, _mm_max_pd, _mm_min_pd)
#endif
#if defined(__AVX__)
GLASSNET_BOUNDS(__m256, _mm256_max_ps, _mm256_min_ps)
GLASSNET_BOUNDS(__m256d, _mm256_max_pd, _mm256_min_pd)
#endif
#if defined(__AVX512F__)
// All lanes chosen: unlike the plain form, this one does not read an uninitialised register in the
// compiler's header, which it then warns about.
#define GLASSNET_MAX_PS(a, b) _mm512_maskz_max_ps(__mmask16(-1), a, b)
#define GLASSNET_MIN_PS(a, b) _mm512_maskz_min_ps(__mmask16(-1), a, b)
#define GLASSNET_MAX_PD(a, b) _mm512_maskz_max_pd(__mmask8(-1), a, b)
#define GLASSNET_MIN_PD(a, b) _mm512_maskz_min_pd(__mmask8(-1), a, b)
GLASSNET_BOUNDS(__m512, GLASSNET_MAX_PS, GLASSNET_MIN_PS)
GLASSNET_BOUNDS(__m512d, GLASSNET_MAX_PD, GLASSNET_MIN_PD)
#undef GLASSNET_MAX_PS
#undef GLASSNET_MIN_PS
#undef GLASSNET_MAX_PD
#undef GLASSNET_MIN_PD
#endif
#undef GLASSNET_BOUNDS

template <class T, int N = vector_bytes / int(sizeof(T))>
struct Vec;

// One truth value per lane, as all-ones or all-zero bits.
template <class T, int N>
struct Mask {
    typedef typename Format<T>::Int Raw __attribute__((vector_size(N * sizeof(T))));
    Raw raw;

    friend Mask operator&(Mask a, Mask b) { return {a.raw & b.raw}; }
    friend Mask operator|(Mask a, Mask b) { return {a.raw | b.raw}; }
    friend Mask operator!(Mask a) { return {~a.raw}; }
    bool operator[](int lane) const { return raw[lane] != 0; }

    // A friend here, and not of Vec, so that both choices may be scalars.
    friend Vec<T, N> where(Mask mask, Vec<T, N> a, Vec<T, N> b) {
        return Vec<T, N>::from_raw(mask.raw ? a.raw : b.raw);
    }
};

template <class T, int N>
struct Vec {
    using Scalar = T;
    using Uint = typename Format<T>::Uint;
    static constexpr int size = N;
    typedef T Raw __attribute__((vector_size(N * sizeof(T))));
    typedef Uint Bits __attribute__((vector_size(N * sizeof(T))));
    Raw raw;

    Vec() = default;
    Vec(T scalar) : raw(scalar - Raw{}) {}  // x - (+0) is x for every x; the compiler sees a broadcast
    static Vec from_raw(Raw raw) {
        Vec v;
        v.raw = raw;
        return v;
    }
    static Vec from_bits(Bits bits) { return from_raw((Raw)bits); }
    Bits bits() const { return (Bits)raw; }

    // The pointer is a multiple of the vector's size, or only of the scalar's.
    static Vec load(const T* p) { return from_raw(*reinterpret_cast<const Aligned*>(p)); }
    static Vec load_unaligned(const T* p) { return from_raw(*reinterpret_cast<const Unaligned*>(p)); }
    void store(T* p) const { *reinterpret_cast<Aligned*>(p) = raw; }
    void store_unaligned(T* p) const { *reinterpret_cast<Unaligned*>(p) = raw; }

    // The first `count` lanes only; a load fills the others with zero.
    static Vec load_first(const T* p, int count) {
        Vec v(T(0));
        for (int i = 0; i < count; ++i) v.raw[i] = p[i];
        return v;
    }
    void store_first(T* p, int count) const {
        for (int i = 0; i < count; ++i) p[i] = raw[i];
    }

    T operator[](int lane) const { return raw[lane]; }

    // The sum of the lanes: halves are added until one lane is left, so the order is fixed.
    T sum() const {
        if constexpr (N == 1)
            return raw[0];
        else
            return (half<0>(Halves()) + half<1>(Halves())).sum();
    }

    friend Vec operator+(Vec a, Vec b) { return from_raw(a.raw + b.raw); }
    friend Vec operator-(Vec a, Vec b) { return from_raw(a.raw - b.raw); }
    friend Vec operator*(Vec a, Vec b) { return from_raw(a.raw * b.raw); }
    friend Vec operator/(Vec a, Vec b) { return from_raw(a.raw / b.raw); }
    friend Vec operator-(Vec a) { return from_raw(-a.raw); }
    Vec& operator+=(Vec b) { return *this = *this + b; }
    Vec& operator-=(Vec b) { return *this = *this - b; }
    Vec& operator*=(Vec b) { return *this = *this * b; }
    Vec& operator/=(Vec b) { return *this = *this / b; }

    using M = Mask<T, N>;
    friend M operator<(Vec a, Vec b) { return {(typename M::Raw)(a.raw < b.raw)}; }
    friend M operator>(Vec a, Vec b) { return {(typename M::Raw)(a.raw > b.raw)}; }
    friend M operator<=(Vec a, Vec b) { return {(typename M::Raw)(a.raw <= b.raw)}; }
    friend M operator>=(Vec a, Vec b) { return {(typename M::Raw)(a.raw >= b.raw)}; }
    friend M operator==(Vec a, Vec b) { return {(typename M::Raw)(a.raw == b.raw)}; }
    friend M operator!=(Vec a, Vec b) { return {(typename M::Raw)(a.raw != b.raw)}; }

    // A NaN in either argument is returned. The inner function returns `a` if either is NaN; the
    // choice around it, for a NaN in `b`, folds away when `b` is a constant.
    friend Vec maximum(Vec a, Vec b) { return where(b == b, no_less(a, b), b); }
    friend Vec minimum(Vec a, Vec b) { return where(b == b, no_more(a, b), b); }

    // a bounded by b from below or above; `a` if either is NaN.
    friend Vec no_less(Vec a, Vec b) { return from_raw(raw_no_less(a.raw, b.raw)); }
    friend Vec no_more(Vec a, Vec b) { return from_raw(raw_no_more(a.raw, b.raw)); }

    friend Vec abs(Vec a) { return from_bits(a.bits() & ~sign_bit); }
    friend Vec copysign(Vec magnitude, Vec sign) {
        return from_bits((magnitude.bits() & ~sign_bit) | (sign.bits() & sign_bit));
    }

    friend Vec sqrt(Vec a) {
        for (int i = 0; i < N; ++i) a.raw[i] = sizeof(T) == 4 ? __builtin_sqrtf(a.raw[i]) : __builtin_sqrt(a.raw[i]);
        return a;
    }

    // -1, 0 or 1; NaN for NaN.
    friend Vec sign(Vec a) { return where(a > Vec(0), Vec(1), where(a < Vec(0), Vec(-1), a)); }

    // Lanes 0 … count - 1.
    static M first_lanes(int count) {
        typename M::Raw lane;
        for (int i = 0; i < N; ++i) lane[i] = i;
        return {(typename M::Raw)(lane < static_cast<typename Format<T>::Int>(count))};
    }

    // The largest lane, or NaN if there is one.
    T max() const {
        if constexpr (N == 1)
            return raw[0];
        else
            return maximum(half<0>(Halves()), half<1>(Halves())).max();
    }

private:
    // The compilers let a vector alias its elements. No may_alias: with it, every store would make
    // them fetch pointers and sizes anew.
    typedef T Aligned __attribute__((vector_size(N * sizeof(T))));
    typedef T Unaligned __attribute__((vector_size(N * sizeof(T)), aligned(sizeof(T))));
    static constexpr Uint sign_bit = Uint(1) << (8 * sizeof(T) - 1);

    using Halves = std::make_integer_sequence<int, N / 2>;
    template <int Upper, int... I>
    Vec<T, N / 2> half(std::integer_sequence<int, I...>) const {
        using Half = Vec<T, N / 2>;
        return Half::from_raw(typename Half::Raw{raw[Upper * N / 2 + I]...});
    }
};

// Lane i of the result is lane I[i] of a and b together, b's lanes counted on from a's.
template <int... I, class T, int N>
inline Vec<T, N> shuffle(Vec<T, N> a, Vec<T, N> b) {
#if defined(__clang__)
    return Vec<T, N>::from_raw(__builtin_shufflevector(a.raw, b.raw, I...));
#else  // GCC 11 and older lack __builtin_shufflevector
    return Vec<T, N>::from_raw(__builtin_shuffle(a.raw, b.raw, typename Mask<T, N>::Raw{I...}));
#endif
}

// Of a and b, blocks of Step lanes in turn: the lower ones of each pair, or the upper ones.
template <class T, int Step, bool Upper, int... I>
inline Vec<T> exchange_lanes(Vec<T> a, Vec<T> b, std::integer_sequence<int, I...>) {
    constexpr int n = sizeof...(I);
    if constexpr (!Upper)
        return shuffle<((I & Step) == 0 ? I : n + I - Step)...>(a, b);
    else
        return shuffle<((I & Step) == 0 ? I + Step : n + I)...>(a, b);
}

// Transposes a square of vectors in registers by exchanging ever larger blocks.
template <class T, int Step = 1>
inline __attribute__((always_inline)) void transpose_square(Vec<T> (&row)[Vec<T>::size]) {
    constexpr int N = Vec<T>::size;
    if constexpr (Step < N) {
        using Lanes = std::make_integer_sequence<int, N>;
#pragma GCC unroll 16
        for (int r = 0; r < N; ++r) {
            if (r & Step) continue;
            const Vec<T> a = row[r], b = row[r + Step];
            row[r] = exchange_lanes<T, Step, false>(a, b, Lanes{});
            row[r + Step] = exchange_lanes<T, Step, true>(a, b, Lanes{});
        }
        transpose_square<T, 2 * Step>(row);
    }
}

}  // namespace GLASSNET_ISA
}  // namespace glassnet
