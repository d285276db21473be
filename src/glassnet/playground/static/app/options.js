/** The options of the controls, in the order and the words of the page. */

import { SCHEMA } from "./schema.js";

/** @typedef {[value: string, label: string]} Option */

/** @type {Option[]} */
export const DATA = Object.entries(SCHEMA.names.data.choices);

/** @type {Option[]} */
export const FEATURES = Object.entries(SCHEMA.names.features.choices);

/** Activations of hidden layers. @type {Option[]} */
export const ACTIVATIONS = [
  ["relu", "relu"],
  ["tanh", "tanh"],
  ["sigmoid", "sigmoid"],
  ["leaky_relu", "leaky relu"],
  ["elu", "elu"],
  ["gelu", "gelu"],
  ["silu", "silu"],
  ["softplus", "softplus"],
  ["identity", "identity"],
];

/** @type {Option[]} */
export const INITIALIZERS = [
  ["", "automatic"],
  ["he_normal", "He, normal"],
  ["he_uniform", "He, uniform"],
  ["glorot_normal", "Glorot, normal"],
  ["glorot_uniform", "Glorot, uniform"],
  ["lecun_normal", "LeCun, normal"],
  ["lecun_uniform", "LeCun, uniform"],
  ["orthogonal", "orthogonal"],
  ["zeros", "all zero"],
];

/** @type {Option[]} */
export const OPTIMIZERS = [
  ["sgd", "gradient descent"],
  ["momentum", "momentum"],
  ["nesterov", "Nesterov"],
  ["rmsprop", "RMSprop"],
  ["adam", "Adam"],
  ["adamw", "AdamW"],
];

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

/** @param {Option[]} options @param {string} value */
export function label(options, value) {
  return options.find(([name]) => name === value)?.[1] ?? value;
}
