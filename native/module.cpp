// The Python module of one instruction set: takes arrays as they are, releases the GIL, runs the loop of run.hpp.
// NativeEngine in src/glassnet/native/engine.py says what the arguments are, and checks them.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "kernels.hpp"
#include "objective.hpp"
#include "row.hpp"
#include "run.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace glassnet {
namespace {

template <class T>
using Array = nb::ndarray<T, nb::c_contig, nb::device::cpu>;
template <class T>
using Optional = std::optional<Array<T>>;

// A matrix, or the starts, columns and values of a sparse one.
template <class T>
using Inputs = std::variant<Array<const T>, std::tuple<Array<const std::int64_t>, Array<const std::int32_t>, Array<const T>>>;

template <class T>
Rows<T> as_rows(const Inputs<T>& X, const Optional<const T>& Y, const Optional<const T>& weight) {
    const T *targets = Y ? Y->data() : nullptr, *weights = weight ? weight->data() : nullptr;
    if (const auto* dense = std::get_if<0>(&X)) return {dense->data(), targets, weights, dense->shape(0)};
    const auto& [starts, columns, values] = std::get<1>(X);
    const std::size_t n = starts.shape(0) - 1;
    return {nullptr, targets, weights, n, {starts.data(), columns.data(), values.data(), values.shape(0) / n + 1}};
}

// A vector as a NumPy array that refers to it; the record stays alive as long as the array.
using Figures = nb::ndarray<nb::numpy, const double, nb::ndim<1>>;
template <std::vector<double> Record::*Member>
Figures figures(Record& record) {
    std::vector<double>& values = record.*Member;
    return Figures(values.data(), {values.size()}, nb::find(record));
}

// Whether to stop: if another thread has set `flag`, or in the main thread after a signal, for which Python is asked at
// most every 25 ms. The exception that the signal's handler raised stays set.
class Interrupt {
public:
    Interrupt(const std::uint8_t* flag, bool signals) : flag_(flag), signals_(signals) {}

    bool operator()() {
        if (__atomic_load_n(flag_, __ATOMIC_RELAXED)) return true;
        if (!signals_) return false;
        const auto now = std::chrono::steady_clock::now();
        if (now - last_ < std::chrono::milliseconds(25)) return false;
        last_ = now;
        const nb::gil_scoped_acquire held;
        return PyErr_CheckSignals() != 0;
    }

private:
    const std::uint8_t* flag_;
    bool signals_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// The exception that is set, as an object, so that what was computed can be handed over with it; or None.
nb::object take_exception() {
    if (!PyErr_Occurred()) return nb::none();
    const nb::python_error error;
    return nb::borrow(error.value());
}

// The communicator of Python, whose sums are made in the arrays as they are. An exception of it stays set.
class PythonRanks final : public Ranks {
public:
    PythonRanks(nb::handle communicator, const std::uint8_t* wish, double* wishes)
        : Ranks(nb::cast<int>(communicator.attr("rank")), nb::cast<int>(communicator.attr("size"))),
          all_reduce_(communicator.attr("all_reduce")), wish_(wish), wishes_(wishes) {}

    bool sum(float* numbers, std::size_t count) override { return add_up(numbers, count); }
    bool sum(double* numbers, std::size_t count) override { return add_up(numbers, count); }
    double wish() const override {
        const std::uint8_t wish = __atomic_load_n(wish_, __ATOMIC_RELAXED);
        return wish == 0 ? 0 : wish == kLeave ? kLeaving : 1;
    }
    void agree(double wishes) override { *wishes_ = wishes; }

private:
    static constexpr std::uint8_t kLeave = 2;   // as Wish in src/glassnet/training/wish.py has them
    static constexpr double kLeaving = 4096;

    template <class T>
    bool add_up(T* numbers, std::size_t count) {
        const nb::gil_scoped_acquire held;
        try {
            all_reduce_(nb::ndarray<nb::numpy, T, nb::ndim<1>>(numbers, {count}, nb::none()).cast());
            return true;
        } catch (nb::python_error& error) {
            error.restore();
            return false;
        }
    }

    nb::object all_reduce_;
    const std::uint8_t* wish_;
    double* wishes_;
};

template <class T, class Pointer>
std::vector<Pointer> rows_of(T& slots, int count, std::size_t parameters) {
    std::vector<Pointer> rows;
    for (int slot = 0; slot < count; ++slot) rows.push_back(slots.data() + slot * parameters);
    return rows;
}

template <class T>
nb::tuple train(const Architecture& architecture, Settings settings, State& state, long epochs, long until, const Inputs<T>& X,
                Optional<const T> Y, Optional<const T> weight, std::optional<Inputs<T>> X_val, Optional<const T> Y_val,
                Optional<const T> weight_val, std::vector<double> constants, std::vector<double> factors,
                Optional<const std::int64_t> rows, bool shuffle,
                Optional<const std::int64_t> orders, const EarlyStopping& early_stopping, const Adaptive& adaptive,
                Array<const T> theta, Array<const T> slots, Array<T> theta_out, Array<T> slots_out, Optional<T> best_out,
                Array<const std::uint8_t> stop, bool signals, nb::object communicator, Optional<double> wishes) {
    std::optional<PythonRanks> ranks;
    if (!communicator.is_none()) settings.ranks = &ranks.emplace(communicator, stop.data(), wishes->data());
    Job<T> job;
    job.ranks = settings.ranks;
    job.data = as_rows<T>(X, Y, weight);
    job.validation = X_val ? as_rows<T>(*X_val, Y_val, weight_val) : Rows<T>{nullptr, nullptr, nullptr, 0};
    if (job.validation.n > 0 && job.validation.sparse() != job.data.sparse())
        throw std::invalid_argument("X_val: expected sparse rows if those of X are, else dense ones");
    job.constants = std::move(constants);
    job.factors = std::move(factors);
    job.batch_size = settings.batch_size;
    job.first_batch = settings.first_batch;
    job.epoch_steps = settings.epoch_steps;
    job.inputs = architecture.sizes.front();
    job.outputs = architecture.sizes.back();
    job.rows = rows ? rows->data() : nullptr;
    if (rows) job.data.n = rows->shape(0);
    job.shuffle = shuffle;
    job.orders = orders ? orders->data() : nullptr;
    job.seed = settings.seed;
    job.early_stopping = early_stopping;
    job.adaptive = adaptive;

    const std::size_t parameters = architecture.parameters();
    Memory<T> memory{theta.data(), rows_of<Array<const T>, const T*>(slots, settings.slots, parameters),
                     theta_out.data(), rows_of<Array<T>, T*>(slots_out, settings.slots, parameters),
                     best_out ? best_out->data() : nullptr, parameters};
    Record record;
    {
        const nb::gil_scoped_release released;
        const FlushSubnormals flush;
        const auto trainer = make_trainer<T>(architecture, settings, job.data);
        // on several ranks a wish to stop is told with the sums of a step
        const auto interrupt = ranks ? std::function<bool()>() : Interrupt(stop.data(), signals);
        Run<T> run(*trainer, job, state, std::move(memory), interrupt);
        record = run.train(epochs, until);
    }
    if (signals && !ranks && !PyErr_Occurred()) PyErr_CheckSignals();  // one that came since it was asked last
    nb::object error = take_exception();
    return nb::make_tuple(std::move(record), error);
}

// A network's outputs for any number of rows.
template <class T>
void predict(const Architecture& architecture, const Settings& settings, Array<const T> theta, const Inputs<T>& X,
             Array<T> out, Array<const std::uint8_t> stop, bool signals) {
    {
        const nb::gil_scoped_release released;
        const FlushSubnormals flush;
        const Rows<T> rows = as_rows<T>(X, std::nullopt, std::nullopt);
        const auto trainer = make_trainer<T>(architecture, settings, rows);
        trainer->ask(Interrupt(stop.data(), signals));
        trainer->load(theta.data(), nullptr);
        trainer->predict(rows, out.data());
    }
    if (PyErr_Occurred()) throw nb::python_error();
}

// A network's outputs for dense rows, again and again: keeps the parameters as the kernel packs them, and packs them anew
// after any change.
template <class T>
class Predictor {
public:
    Predictor(const Architecture& architecture, const Settings& settings)
        : trainer_(make_trainer<T>(architecture, settings, {nullptr, nullptr, nullptr, 0})) {}

    void predict(Array<const T> theta, Array<const T> X, Array<T> out, Array<const std::uint8_t> stop, bool signals) {
        {
            const nb::gil_scoped_release released;
            const FlushSubnormals flush;
            trainer_->ask(Interrupt(stop.data(), signals));
            const std::size_t count = theta.size();
            if (packed_.size() != count || std::memcmp(packed_.data(), theta.data(), count * sizeof(T)) != 0) {
                packed_.assign(theta.data(), theta.data() + count);
                trainer_->load(packed_.data(), nullptr);
            }
            trainer_->predict({X.data(), nullptr, nullptr, X.shape(0)}, out.data());
        }
        if (PyErr_Occurred()) throw nb::python_error();
    }

private:
    std::unique_ptr<Trainer<T>> trainer_;
    std::vector<T> packed_;  // a copy of the parameters that were packed
};

// Objective with the arrays that it reads.
template <class T>
class ObjectiveOfArrays {
public:
    ObjectiveOfArrays(const Architecture& architecture, const Settings& settings, const Inputs<T>& X, Optional<const T> Y,
                      Optional<const T> weight)
        : X_(X), Y_(Y), weight_(weight), objective_(architecture, settings, as_rows<T>(X, Y, weight)) {}

    double evaluate(Array<const T> theta, Array<T> gradient, Array<const std::uint8_t> stop, bool signals) {
        double objective;
        {
            const nb::gil_scoped_release released;
            const FlushSubnormals flush;
            objective = objective_(theta.data(), gradient.data(), Interrupt(stop.data(), signals));
        }
        if (PyErr_Occurred()) throw nb::python_error();
        return objective;
    }

private:
    Inputs<T> X_;
    Optional<const T> Y_, weight_;
    Objective<T> objective_;
};

template <class T>
void bind(nb::module_& m, const char* predictor, const char* row_predictor, const char* objective) {
    m.def("train", &train<T>, "architecture"_a, "settings"_a, "state"_a, "epochs"_a, "until"_a, "X"_a, "Y"_a, "weight"_a.none(),
          "X_val"_a.none(), "Y_val"_a.none(), "weight_val"_a.none(), "constants"_a, "factors"_a, "rows"_a.none(), "shuffle"_a, "orders"_a.none(),
          "early_stopping"_a, "adaptive"_a, "theta"_a, "slots"_a, "theta_out"_a.noconvert(), "slots_out"_a.noconvert(),
          "best_out"_a.noconvert().none(), "stop"_a.noconvert(), "signals"_a, "communicator"_a.none(),
          "wishes"_a.noconvert().none());
    m.def("predict", &predict<T>, "architecture"_a, "settings"_a, "theta"_a, "X"_a, "out"_a.noconvert(),
          "stop"_a.noconvert(), "signals"_a);
    nb::class_<Predictor<T>>(m, predictor)
        .def(nb::init<const Architecture&, const Settings&>())
        .def("predict", &Predictor<T>::predict, "theta"_a, "X"_a, "out"_a.noconvert(), "stop"_a.noconvert(), "signals"_a);
    nb::class_<RowPredictor<T>>(m, row_predictor)
        .def(nb::init<const Architecture&>())
        .def("predict", [](RowPredictor<T>& self, Array<const T> theta, Array<const T> x, Array<T> out) {
            self.predict(theta.data(), x.data(), out.data());
        });
    nb::class_<ObjectiveOfArrays<T>>(m, objective)
        .def(nb::init<const Architecture&, const Settings&, const Inputs<T>&, Optional<const T>, Optional<const T>>(),
             "architecture"_a, "settings"_a, "X"_a, "Y"_a, "weight"_a.none())
        .def("evaluate", &ObjectiveOfArrays<T>::evaluate, "theta"_a, "gradient"_a.noconvert(), "stop"_a.noconvert(), "signals"_a);
}

}  // namespace
}  // namespace glassnet

NB_MODULE(GLASSNET_MODULE, m) {
    using namespace glassnet;
    nb::set_leak_warnings(false);  // a daemon thread may hold objects when the interpreter ends
    nb::class_<Architecture>(m, "Architecture")
        .def(nb::init<>())
        .def_rw("sizes", &Architecture::sizes)
        .def_rw("activations", &Architecture::activations)
        .def_rw("activation_parameters", &Architecture::activation_parameters)
        .def_rw("loss", &Architecture::loss)
        .def_rw("loss_parameter", &Architecture::loss_parameter)
        .def_rw("loss_of_output", &Architecture::loss_of_output);
    nb::class_<Settings>(m, "Settings")
        .def(nb::init<>())
        .def_rw("update", &Settings::update)
        .def_rw("slots", &Settings::slots)
        .def_rw("l1", &Settings::l1)
        .def_rw("l2", &Settings::l2)
        .def_rw("dropout", &Settings::dropout)
        .def_rw("divide_penalty", &Settings::divide_penalty)
        .def_rw("clip_norm", &Settings::clip_norm)
        .def_rw("seed", &Settings::seed)
        .def_rw("batch_size", &Settings::batch_size)
        .def_rw("first_batch", &Settings::first_batch)
        .def_rw("epoch_steps", &Settings::epoch_steps)
        .def_rw("threads", &Settings::threads)
        .def_rw("team", &Settings::team);
    nb::class_<State>(m, "State")
        .def(nb::init<>())
        .def_rw("step", &State::step)
        .def_rw("epoch", &State::epoch)
        .def_rw("batch", &State::batch)
        .def_rw("epoch_loss", &State::epoch_loss)
        .def_rw("epoch_weight", &State::epoch_weight)
        .def_rw("rate_factor", &State::rate_factor)
        .def_rw("adaptive_best", &State::adaptive_best)
        .def_rw("adaptive_stale", &State::adaptive_stale)
        .def_rw("best_loss", &State::best_loss)
        .def_rw("best_epoch", &State::best_epoch)
        .def_rw("stale", &State::stale);
    nb::class_<EarlyStopping>(m, "EarlyStopping")
        .def(nb::init<>())
        .def_rw("patience", &EarlyStopping::patience)
        .def_rw("min_delta", &EarlyStopping::min_delta)
        .def_prop_rw(
            "watch", [](const EarlyStopping& self) { return int(self.watch); },
            [](EarlyStopping& self, int number) { self.watch = Watch(number); });
    nb::class_<Adaptive>(m, "Adaptive")
        .def(nb::init<>())
        .def_rw("patience", &Adaptive::patience)
        .def_rw("decay", &Adaptive::decay)
        .def_rw("min_delta", &Adaptive::min_delta)
        .def_rw("floor", &Adaptive::floor);
    nb::class_<Record>(m, "Record")
        .def_prop_ro("loss", &figures<&Record::loss>)
        .def_prop_ro("validation_loss", &figures<&Record::validation_loss>)
        .def_prop_ro("validation_score", &figures<&Record::validation_score>)
        .def_prop_ro("learning_rate", &figures<&Record::learning_rate>)
        .def_ro("stopped", &Record::stopped)
        .def_ro("non_finite", &Record::non_finite)
        .def_ro("overflowed", &Record::overflowed)
        .def_ro("improved", &Record::improved);
    bind<float>(m, "Predictor32", "RowPredictor32", "Objective32");
    bind<double>(m, "Predictor64", "RowPredictor64", "Objective64");
}
