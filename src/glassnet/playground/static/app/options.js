/** The options of the controls, in the order of the page; their words are in texts/. */

import { SCHEMA } from "./schema.js";

/** @typedef {[value: string, label: string]} Option */

export const DATA = Object.keys(SCHEMA.names.data.choices);

/** @type {Option[]} */
export const FEATURES = Object.entries(SCHEMA.names.features.choices);

/** Activations of hidden layers. */
export const ACTIVATIONS = ["relu", "tanh", "sigmoid", "leaky_relu", "elu", "gelu", "silu", "softplus", "identity"];

export const INITIALIZERS = ["", "he_normal", "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal", "lecun_uniform", "orthogonal", "zeros"];

export const OPTIMIZERS = ["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"];

/** The learning rate of an optimizer when none is given. @type {Record<string, number>} */
export const RATES = SCHEMA.names.optimizer.choices;

/** Learning rates on the slider. */
export const RATE_STEPS = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

export const MOST_LAYERS = SCHEMA.most.layers;
export const MOST_UNITS = SCHEMA.most.units;

/** The least and the largest value of a setting. @param {string} name @returns {[number, number]} */
export function limits(name) {
  const { low = 0, high = 1 } = SCHEMA.names[name] ?? {};
  return [low, high];
}
