/** The confusion matrix of the test points: actual classes down, predicted ones across. */

import { shade } from "../app/palette.js";
import { store } from "../app/page.js";
import { t } from "../app/texts.js";
import { html, nothing } from "../vendor/lit/index.js";
import { Part } from "./part.js";

class ConfusionTable extends Part {
  follows = true;

  render() {
    return html`${store.runs.map((run, index) => {
      const counts = run.frame?.header.confusion;
      const classes = run.data?.classes;
      if (!counts || !classes) return nothing;
      const most = Math.max(...counts.flat());
      return html`
        <table class="confusion">
          <caption>${store.runs.length > 1 ? t("print.run", { run: "AB"[index], words: t("confusion.caption") }) : t("confusion.caption")}</caption>
          <thead><tr><td></td>${classes.map((name) => html`<th scope="col">→ ${name}</th>`)}</tr></thead>
          <tbody>
            ${counts.map((row, actual) => html`<tr><th scope="row">${classes[actual]}</th>
              ${row.map((count, predicted) => html`<td class=${actual === predicted ? "num right" : "num wrong"} .style=${`--shade: ${shade(count, most)}`}>${count}</td>`)}</tr>`)}
          </tbody>
        </table>`;
    })}`;
  }
}
customElements.define("confusion-table", ConfusionTable);
