/** The options of the controls, in the order and the words of the page. */

/** @typedef {[value: string, label: string]} Option */

/** @type {Option[]} */
export const DATA = [
  ["moons", "two moons"],
  ["circles", "circles"],
  ["spirals", "spirals"],
  ["blobs", "blobs"],
  ["xor", "exclusive or"],
  ["gaussians", "two clouds"],
  ["sine", "sine"],
  ["plane", "plane"],
];
export const REGRESSION = ["sine", "plane"];

/** @type {Option[]} */
export const FEATURES = [
  ["x", "x₁"],
  ["y", "x₂"],
  ["xx", "x₁²"],
  ["yy", "x₂²"],
  ["xy", "x₁x₂"],
  ["sinx", "sin x₁"],
  ["siny", "sin x₂"],
];

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
export const RATES = { sgd: 0.1, momentum: 0.01, nesterov: 0.01, rmsprop: 0.001, adam: 0.001, adamw: 0.001 };

/** Learning rates on the slider. */
export const RATE_STEPS = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

export const MOST_LAYERS = 6;
export const MOST_UNITS = 32;

/** @param {Option[]} options @param {string} value */
export function label(options, value) {
  return options.find(([name]) => name === value)?.[1] ?? value;
}
