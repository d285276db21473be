"""A training step worked out with its numbers, rendered, and compared with a learner's own.

Reading order, from the bottom up; each module uses only those above it in this list:

- `graph`: Step, one quantity with its formula, numbers and source; Graph, all of them in order.
- `formulas`: the statements of the engine that formulas are read from.
- `recorder`: writes steps down.
- `walk`: walks through forward pass, loss and backward pass of one step with a recorder.
- `walk_update`: goes on through clipping, learning rate and the optimizer's recurrence.
- `plain`: evaluates an entry's formula in plain Python, and how far rounding may move it.
- `directional`: derivatives of the functions of a network along a direction, from both sides of a kink.
- `rerun`: the function behind each derivative of a step, run again.
- `independent`: checks the numbers by the complex step and in plain Python.
- `scalar`: Line and ChainRule, one entry with its numbers.
- `entries`: makes lines and chain rules.
- `grading.rules`: a rule finds the places of a misconception; operations on formulas.
- `grading.mistakes.loss`, `.output`, `.batch`, `.backward`, `.forward`, `.gradients`, `.regularization`, `.update`,
  `.numbers`: the usual misconceptions by subject.
- `grading.misconceptions`: all of them in one list.
- `grading.simulation`: computes the numbers that other formulas would have given.
- `grading.names`: reads the names and numbers of a learner's terms.
- `grading.rounding`: with how many digits numbers were written, and what that leaves open further on.
- `grading.answers`: compares a learner's terms with numbers.
- `grading.conventions`: the conventions in which terms are written, and which of them someone follows.
- `grading.notation`: formulas as a convention writes them.
- `grading.marking`: right, right within rounding, right given an earlier mistake, or wrong.
- `grading.narrowing`: says how a wrong term without a known cause differs.
- `grading.causes`: the misconceptions that give a learner's numbers.
- `grade`: finds the first wrong term and the misconception behind it.
- `why_steps`: says in one sentence why a step is taken.
- `render.outline`: chooses what every print shows, without notation.
- `render.equations`: writes the sides of an equation in a notation.
- `render.breaks`, `render.latex_width`: break long formulas at their signs.
- `render.drawing`: a small network with the part lit that a step works on.
- `render.text`, `render.html`, `render.latex`, `render.markdown`, `render.json`: print it.
- `render.pdf`: typesets the LaTeX; `render.formats`: the format that a file's ending names.
- `derivation`: Derivation, the graph with all of the above as methods; what `explain` returns.
- `source`: reads what a network, an estimator, a Pipeline or a table model holds.
- `explain`: takes a network, an estimator or a run and works its step out.
- `cases`: random cases for `check`, and the grade over all of them.
- `call`: calls a learner's function with what its parameters name.
- `check`: grades a learner's function.
"""
