/** Where neurons and weights lie, and what lies under the pointer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { along, biasPlace, curve, hit, layout, neighbour } from "../../../../src/glassnet/playground/static/app/layout.js";

const SIZES = [[2, 10, 1], [2, 1], [7, 32, 32, 32, 32, 32, 32, 5], [1, 1, 1]];

test("every neuron inside the drawing, none over another", () => {
  for (const widths of SIZES)
    for (const [width, height] of [[720, 660], [375, 300], [640, 380]]) {
      const { nodes, side } = layout(widths, width, height);
      for (const layer of nodes)
        for (const [index, node] of layer.entries()) {
          assert.ok(node.x - side / 2 >= 0 && node.x + side / 2 <= width, `${widths} x`);
          assert.ok(node.y - side / 2 >= 0 && node.y + side / 2 <= height, `${widths} y`);
          if (index) assert.ok(node.y - layer[index - 1].y >= side, `${widths} over one another`);
        }
    }
});

test("the pointer finds neurons, biases and weights", () => {
  const drawing = layout([2, 3, 1], 700, 400);
  const { nodes, side } = drawing;
  assert.deepEqual(hit(drawing, nodes[1][2].x, nodes[1][2].y), { kind: "unit", layer: 1, unit: 2 });
  const place = biasPlace(nodes[2][0], side);
  assert.deepEqual(hit(drawing, place.x, place.y), { kind: "b", layer: 2, from: 0, to: 0 });
  for (const [from, to] of [[0, 0], [0, 2], [1, 1]]) {
    const point = along(curve(drawing, nodes[0][from], nodes[1][to]), 0.8);
    assert.deepEqual(hit(drawing, point.x, point.y), { kind: "W", layer: 1, from, to });
  }
  assert.equal(hit(drawing, 1, 1), null);
});

test("arrow keys lead to the neighbours and stay inside", () => {
  const widths = [2, 10, 1];
  assert.deepEqual(neighbour(widths, { layer: 1, unit: 0 }, "ArrowUp"), { layer: 1, unit: 0 });
  assert.deepEqual(neighbour(widths, { layer: 1, unit: 9 }, "ArrowDown"), { layer: 1, unit: 9 });
  assert.deepEqual(neighbour(widths, { layer: 1, unit: 9 }, "ArrowLeft"), { layer: 0, unit: 1 });
  assert.deepEqual(neighbour(widths, { layer: 1, unit: 4 }, "ArrowRight"), { layer: 2, unit: 0 });
  assert.deepEqual(neighbour(widths, { layer: 2, unit: 0 }, "ArrowRight"), { layer: 2, unit: 0 });
});
