/** A worked training step from the server: finds its steps, walks along them, and arranges their numbers for the drawing. */

/**
 * @typedef {object} Worked  one quantity of the step
 * @property {string} symbol
 * @property {string} stage
 * @property {string} what
 * @property {number | null} layer
 * @property {boolean} [aside]
 * @property {string} [note]
 * @property {number[]} shape
 * @property {any} value
 * @property {string} [mathml]
 * @property {string} [code]
 * @property {string} [file]
 * @property {number} [line]
 * @property {string[]} [inputs]
 * @property {{ok: boolean, checked: number, method: string, error: number} | null} [check]
 */

/**
 * @typedef {object} Line  one factor of a chain rule
 * @property {string} symbol
 * @property {string} stage
 * @property {string} mathml
 * @property {string} [file]
 * @property {number} [line]
 */

/**
 * @typedef {object} Derivation
 * @property {number | "batch"} sample
 * @property {number} rows
 * @property {number} step
 * @property {Worked[]} steps
 * @property {Worked[]} given
 * @property {{symbol: string, index: number[], value: number, mathml: string[], lines: Line[], independent: {value: number, method: string} | null} | null} entry
 */

/**
 * Bring the server's derivation into the form above; inf and nan, which JSON lacks, become numbers again.
 * @param {any} told @returns {Derivation}
 */
export function received(told) {
  const step = (/** @type {any} */ each) => ({ ...each, ...each.source, value: numbers(each.value ?? null), check: each.check && { ...each.check, error: numbers(each.check.error) } });
  return { ...told, steps: told.steps.map(step), given: told.given.map(step) };
}

/** @param {any} value @returns {any} */
function numbers(value) {
  if (Array.isArray(value)) return value.map(numbers);
  if (value === null) return NaN;
  return typeof value === "string" ? { inf: Infinity, "-inf": -Infinity }[value] ?? NaN : value;
}

export const STAGES = /** @type {const} */ (["forward", "loss", "backward", "update"]);

/** @param {Derivation} derivation @param {string} symbol @returns {Worked | undefined} */
export function find(derivation, symbol) {
  return derivation.steps.find((step) => step.symbol === symbol) ?? derivation.given.find((step) => step.symbol === symbol);
}

/** The step `by` places further on, stopping at the ends. @param {Derivation} derivation @param {string} symbol @param {number} by */
export function walk(derivation, symbol, by) {
  const at = derivation.steps.findIndex((step) => step.symbol === symbol);
  const next = Math.max(0, Math.min(derivation.steps.length - 1, at < 0 ? 0 : at + by));
  return derivation.steps[next]?.symbol ?? "";
}

/** The next line that training computes, passing over those shown to explain; "" at the end. @param {Derivation} derivation @param {string} symbol */
export function onward(derivation, symbol) {
  const at = derivation.steps.findIndex((step) => step.symbol === symbol);
  return derivation.steps.slice(at + 1).find((step) => !step.aside)?.symbol ?? "";
}

/** The steps by stage, in order. @param {Derivation} derivation */
export function byStage(derivation) {
  return STAGES.map((stage) => ({ stage, steps: derivation.steps.filter((step) => step.stage === stage) })).filter(({ steps }) => steps.length);
}

/**
 * Values of a quantity as rows: a number is 1 × 1, a vector one row.
 * @param {any} value @returns {number[][]}
 */
export function rows(value) {
  if (!Array.isArray(value)) return [[value]];
  if (!Array.isArray(value[0])) return [value];
  return Array.isArray(value[0][0]) ? value[0] : value;
}

/**
 * The numbers at the neurons of the drawing at a step: activations in the forward pass, ∂L/∂z in the backward pass.
 * Empty for a batch, where a neuron has many values.
 * @param {Derivation} derivation @param {string} symbol @param {number} layers
 * @returns {({name: string, values: number[]} | null)[]} for each layer, the inputs first
 */
export function labels(derivation, symbol, layers) {
  if (derivation.rows !== 1) return Array(layers + 1).fill(null);
  const reached = derivation.steps.slice(0, derivation.steps.findIndex((step) => step.symbol === symbol) + 1).map((step) => step.symbol);
  return Array.from({ length: layers + 1 }, (_, layer) => {
    const name = [`dZ${layer}`, `A${layer}`, `Z${layer}`].find((each) => reached.includes(each)) ?? (layer === 0 ? "A0" : "");
    const step = name ? find(derivation, name) : undefined;
    return step ? { name, values: rows(step.value)[0] } : null;
  });
}

/**
 * The kind of motion along the drawing at a step.
 * @param {string} symbol
 * @returns {{kind: "forward" | "back" | "weights" | "biases" | "units" | "update" | "loss" | "", layer: number}}
 */
export function motion(symbol) {
  const match = /^(dZ|dW|db|dA|Z|A|slope_Z|slope_A|g_prime|J)(\d+)/.exec(symbol);
  if (!match) return { kind: /^(loss|losses|mean_loss|penalty_sum|mean_weights)/.test(symbol) ? "loss" : "update", layer: 0 };
  const layer = Number(match[2]);
  const kinds = /** @type {const} */ ({ Z: "forward", A: "units", dZ: "units", dW: "weights", db: "biases", dA: "back" });
  return { kind: kinds[/** @type {"Z"} */ (match[1])] ?? "units", layer };
}

/** The weights after the update, from the flat vector, in its order W1, b1, W2, b2, … @param {number[]} theta @param {number[]} widths */
export function unflatten(theta, widths) {
  let at = 0;
  const W = [];
  for (let layer = 1; layer < widths.length; layer++) {
    W.push(Array.from({ length: widths[layer - 1] }, () => theta.slice(at, (at += widths[layer]))));
    at += widths[layer];
  }
  return W;
}
