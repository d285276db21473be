/** The names of a query with their defaults, limits and choices: written by `python tools/schema.py` from the server's own. */

/** @typedef {{default: string, low?: number, high?: number, choices?: any}} Name */

/** @type {{names: Record<string, Name>, most: Record<string, number>, view: Record<string, string>}} */
export const SCHEMA = {
  "names": {
    "data": {
      "default": "moons",
      "choices": {
        "moons": "two moons",
        "circles": "circles",
        "spirals": "spirals",
        "blobs": "blobs",
        "xor": "exclusive or",
        "gaussians": "two clouds",
        "sine": "sine",
        "plane": "plane"
      }
    },
    "classes": {
      "default": "3",
      "low": 2,
      "high": 5
    },
    "n": {
      "default": "400",
      "low": 20,
      "high": 2000
    },
    "noise": {
      "default": "0.2",
      "low": 0,
      "high": 1
    },
    "data_seed": {
      "default": "42",
      "low": 0,
      "high": 4294967295
    },
    "test": {
      "default": "0.2",
      "low": 0.1,
      "high": 0.9
    },
    "features": {
      "default": "x,y",
      "choices": {
        "x": "x₁",
        "y": "x₂",
        "xx": "x₁²",
        "yy": "x₂²",
        "xy": "x₁x₂",
        "sinx": "sin x₁",
        "siny": "sin x₂"
      }
    },
    "hidden": {
      "default": "10"
    },
    "activation": {
      "default": "relu",
      "choices": [
        "identity",
        "relu",
        "leaky_relu",
        "elu",
        "gelu",
        "silu",
        "softplus",
        "sigmoid",
        "tanh"
      ]
    },
    "loss": {
      "default": ""
    },
    "init": {
      "default": "",
      "choices": [
        "",
        "he_normal",
        "he_uniform",
        "glorot_normal",
        "glorot_uniform",
        "lecun_normal",
        "lecun_uniform",
        "orthogonal",
        "zeros"
      ]
    },
    "optimizer": {
      "default": "sgd",
      "choices": {
        "sgd": 0.1,
        "momentum": 0.01,
        "nesterov": 0.01,
        "rmsprop": 0.001,
        "adam": 0.001,
        "adamw": 0.001
      }
    },
    "rate": {
      "default": "0",
      "low": 1e-08,
      "high": 1000
    },
    "batch": {
      "default": "0",
      "low": 0,
      "high": 2000
    },
    "l1": {
      "default": "0",
      "low": 0,
      "high": 10
    },
    "l2": {
      "default": "0",
      "low": 0,
      "high": 10
    },
    "dropout": {
      "default": "0",
      "low": 0,
      "high": 0.9
    },
    "seed": {
      "default": "42",
      "low": 0,
      "high": 4294967295
    },
    "x": {
      "default": ""
    },
    "y": {
      "default": ""
    },
    "target": {
      "default": ""
    },
    "edits": {
      "default": ""
    },
    "step": {
      "default": "0",
      "low": 0,
      "high": 1000000000
    }
  },
  "most": {
    "layers": 6,
    "units": 32,
    "edits": 50
  },
  "view": {
    "compare": "",
    "active": "0",
    "sample": "",
    "entry": "",
    "glass": "",
    "stage": "",
    "log": "",
    "panel": "loss",
    "lesson": "",
    "exercise": "",
    "hide": "",
    "lang": "",
    "keys": "",
    "size": "",
    "theme": "",
    "speed": "60",
    "free": "",
    "sig": ""
  }
};
