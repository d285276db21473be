/** Controls of the training. */

import { store } from "../app/page.js";
import { OPTIMIZERS, RATE_STEPS } from "../app/options.js";
import { listed, named, t } from "../app/texts.js";
import { rateOf } from "../app/words.js";
import { html } from "../vendor/lit/index.js";
import { choice, slider } from "./fields.js";

const BATCHES = ["1", "2", "4", "8", "16", "32", "64", "128", "256", "0"];
const PENALTIES = ["0", "0.0001", "0.0003", "0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1"];

/** @param {import("../app/types.js").Run} run */
export function trainingControls({ query, data }) {
  const losses = data?.losses ?? [];
  return html`
    ${choice({ name: "optimizer", label: named("setting", "optimizer"), value: query.optimizer, options: listed("optimizer", OPTIMIZERS), set: (optimizer) => store.change({ optimizer, rate: "" }) })}
    ${slider({ name: "rate", label: named("setting", "rate"), value: String(rateOf(query)), values: RATE_STEPS })}
    ${choice({ name: "loss", label: t("loss"), value: query.loss, options: losses.map((name, index) => [index ? name : "", named("loss", name)]) })}
    ${slider({ name: "batch", label: named("setting", "batch"), value: query.batch, values: BATCHES, shown: query.batch === "0" ? t("set.all") : query.batch })}
    ${slider({ name: "l1", label: named("setting", "l1"), value: query.l1, values: PENALTIES })}
    ${slider({ name: "l2", label: named("setting", "l2"), value: query.l2, values: PENALTIES })}
    ${slider({ name: "dropout", label: named("setting", "dropout"), value: query.dropout, step: 0.05 })}
  `;
}
