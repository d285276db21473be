/** Marks the exercises of a page: compares the numbers typed with the right ones and with those that typical mistakes give. */

/** Read a number as people write it: 0.5, ,5, 1/2, −3, 2e-3; NaN if it is none. @param {string} text */
function readNumber(text) {
  const plain = text.trim().replaceAll("−", "-").replaceAll("–", "-").replace(/\s+/g, "").replace(/^(-?\d*),(\d+)$/, "$1.$2");
  const number = "[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:e[-+]?\\d+)?";
  const found = plain.match(new RegExp(`^(${number})(?:/(${number}))?(%?)$`, "i"));
  if (!found) return NaN;
  return (Number(found[1]) / (found[2] === undefined ? 1 : Number(found[2]))) * (found[3] ? 0.01 : 1);
}

/** @param {number[]} values @param {{right: number[], allowed: number, wrong: [number[], string][]}} known */
function mark(values, known) {
  const near = (others) => others.length === values.length && others.every((other, k) => Math.abs(values[k] - other) <= known.allowed);
  if (near(known.right)) return ["right", "Right."];
  const mistake = known.wrong.find(([others]) => near(others));
  if (mistake) return ["wrong", `Not yet. ${mistake[1]}`];
  return ["wrong", "Not yet, and none of the usual mistakes gives this. Work through it again, then look at the solution."];
}

function start(form) {
  const box = form.closest(".gn-exercise");
  const verdict = box.querySelector(".gn-verdict");
  const solution = box.querySelector(".gn-solution");
  const inputs = [...form.querySelectorAll("input")];
  const known = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(form.dataset.known), (c) => c.charCodeAt(0))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = inputs.map((input) => readNumber(input.value));
    const bad = values.findIndex((value) => !Number.isFinite(value));
    inputs.forEach((input, k) => input.setAttribute("aria-invalid", String(!Number.isFinite(values[k]))));
    if (bad >= 0) {
      verdict.dataset.verdict = "none";
      verdict.textContent = inputs[bad].value.trim()
        ? `“${inputs[bad].value.trim()}” is not a number. Write it as 0.25, 1/4 or -3.`
        : "Type a number first.";
      inputs[bad].focus();
      return;
    }
    [verdict.dataset.verdict, verdict.textContent] = mark(values, known);
    solution.hidden = false;
  });
}

document.querySelectorAll("form.gn-answer").forEach(start);
