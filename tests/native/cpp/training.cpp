// Trains a network by the engine's loop, without Python, and prints ten losses on the way and the parameters at the end.
// Reads numbers: how many layers, their sizes from the inputs on, their activations; loss, optimizer, learning rate,
// epochs, rows; then parameters, inputs and targets. One step an epoch, on all rows.
#include <cstdio>
#include <iostream>

#include "kernels.hpp"
#include "run.hpp"

using namespace glassnet;

namespace {

template <class T>
T number() {
    T value;
    std::cin >> value;
    return value;
}

template <class T>
std::vector<T> numbers(std::size_t count) {
    std::vector<T> values(count);
    for (T& value : values) value = number<T>();
    return values;
}

}  // namespace

int main() {
    Architecture architecture;
    const int layers = number<int>();
    architecture.sizes = numbers<int>(layers + 1);
    architecture.activations = numbers<int>(layers);
    architecture.activation_parameters.assign(layers, 0.0);
    architecture.loss = number<int>();
    Settings settings;
    settings.update = number<int>();
    Job<double> job;
    job.constants = {number<double>()};
    job.factors = {1.0};
    const long epochs = number<long>();
    const auto rows = number<std::size_t>();
    settings.batch_size = job.batch_size = rows;
    std::vector<double> theta = numbers<double>(architecture.parameters());
    const std::vector<double> X = numbers<double>(rows * architecture.sizes.front());
    const std::vector<double> Y = numbers<double>(rows * architecture.sizes.back());
    if (!std::cin) return 2;
    job.data = {X.data(), Y.data(), nullptr, rows};
    job.validation = {nullptr, nullptr, nullptr, 0};

    State state;
    const FlushSubnormals flush;
    const auto trainer = make_trainer<double>(architecture, settings, job.data);
    Run<double> run(*trainer, job, state, {theta.data(), {}, theta.data(), {}, nullptr, theta.size()}, [] { return false; });
    const Record record = run.train(epochs, -1);
    for (long epoch = epochs / 10 - 1; epoch < epochs; epoch += epochs / 10) std::printf("%.10f\n", record.loss[epoch]);
    for (double parameter : theta) std::printf("%.8f\n", parameter);
}
