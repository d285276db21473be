"use strict";
// gathers what was typed into the form of sheet.json, and offers it as a file; nothing is sent anywhere
const fields = JSON.parse(document.getElementById("fields").textContent);
const NUMBER = /^\s*[-+−–]?\s*(\d+([.,]\d*)?|[.,]\d+)(\s*\/\s*[-+−–]?\d+([.,]\d*)?)?(\s*[·*x×]\s*10\s*\^?\s*[-+−–]?\d+|e[-+−–]?\d+)?\s*$/i;
const boxes = [...document.querySelectorAll("input[data-item]")];

function isRead(text, item) {
  return text.trim() === "" || NUMBER.test(text) || item.includes(".shape_");
}
for (const box of boxes) {
  box.addEventListener("change", () => {
    const bad = !isRead(box.value, box.dataset.item);
    box.classList.toggle("bad", bad);
    box.setAttribute("aria-invalid", String(bad));
    box.title = bad ? "Write a number: 0.5, 1/2 or −3." : "";
  });
}
document.getElementById("save").addEventListener("click", () => {
  const sheet = structuredClone(fields);
  sheet.name = document.getElementById("name").value.trim();
  for (const box of boxes) {
    const { item, row, column } = box.dataset;
    if (Array.isArray(sheet.answers[item])) sheet.answers[item][row][column] = box.value.trim();
    else sheet.answers[item] = box.value.trim();
  }
  for (const chosen of document.querySelectorAll("input[type=radio]:checked")) sheet.answers[chosen.name] = chosen.value;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(sheet, null, 1)], { type: "application/json" }));
  link.download = sheet.name ? `${sheet.name.replace(/[^\p{L}\p{N}]+/gu, "-")}.json` : "sheet.json";
  link.click();
  URL.revokeObjectURL(link.href);
});
