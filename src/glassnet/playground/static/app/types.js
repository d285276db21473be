/** The shapes of the data that travel through the page, for the type checker. */

/** @typedef {Record<string, string>} Query  names and values of a run, as they stand in the URL */

/**
 * @typedef {object} Edit  a parameter set by hand just before a step
 * @property {number} step
 * @property {string} parameter  "W1,0,3" or "b2,0"
 * @property {number} value
 */

/** @typedef {{points: [number, number][], targets: number[]}} Part  points of the plane, each with its class or number */

/**
 * @typedef {object} Data
 * @property {string} title
 * @property {"classification" | "regression"} task
 * @property {string[]} losses  the default first
 * @property {Part} train
 * @property {Part} test
 * @property {string[] | null} classes
 * @property {[[number, number], [number, number]]} domain
 * @property {string[]} names
 * @property {string[]} feature_names
 * @property {[number, number, number]} mean  of x, y and the target before they were standardised
 * @property {[number, number, number]} scale
 * @property {boolean} graph  true for numbers over one input: the y of a point is its target
 * @property {{name: string, numbers: boolean, target: boolean}[]} columns  of own data, to choose from
 */

/**
 * @typedef {object} Header
 * @property {number} step
 * @property {number} epoch
 * @property {number} steps_per_epoch
 * @property {number} max_step
 * @property {number} learning_rate
 * @property {number[] | null} batch  the rows of the next step; null for all
 * @property {{train: number | null, test: number | null, batch: number | null, name: string}} loss
 * @property {string[]} features
 * @property {string} init
 * @property {{name: string, train: number | null, test: number | null}} metric
 * @property {number[][] | null} confusion
 * @property {number[][][]} W
 * @property {number[][]} b
 * @property {number[][][]} dW
 * @property {number[][]} db
 * @property {string[]} activations
 * @property {number} parameters
 * @property {{size: number, scale: number[][], offset: number}} maps
 * @property {{size: number, offset: number, kind: "probability" | "class" | "value" | "graph", outputs: number, range: [number, number]}} surface
 * @property {Curve} curve
 * @property {{step: number, layer: number | null, last: number, message: string} | null} non_finite
 */

/** @typedef {{step: number[], train: (number | null)[], test: (number | null)[]}} Curve */

/**
 * @typedef {object} Frame
 * @property {Header} header
 * @property {Int8Array} bytes  the maps, one after another
 * @property {Int16Array} planes  the surface of each output
 */

/**
 * @typedef {object} Run
 * @property {Query} query  without the step
 * @property {Query | null} asked  the query that was last requested
 * @property {Data | null} data
 * @property {Frame | null} frame
 * @property {string | null} error
 */

/**
 * @typedef {object} Place  a neuron of the drawing; layer 0 are the inputs
 * @property {number} layer
 * @property {number} unit
 */

/**
 * @typedef {object} Entry  one weight (from, to) or bias (to) of a layer, counted from 1
 * @property {"W" | "b"} kind
 * @property {number} layer
 * @property {number} from  0 for a bias
 * @property {number} to
 */

export {};
