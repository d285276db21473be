"""Assignments run through the real tools, from release to marks, in an environment of their own.

`python tests/worksheets/assignments.py nbgrader` or `… otter` makes a virtual environment in a temporary folder (or uses that
of ENVIRONMENT), makes the assignment, has three learners hand it in (one right, two with mistakes), and prints their marks.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
TOPIC, POINTS = "full-step-softmax", 7
PACKAGES = {
    "nbgrader": ["nbgrader>=0.9.5,<0.10", "numpy", "scipy", "typer", "ipykernel"],
    "otter": ["otter-grader>=7,<8", "ipykernel", "numpy", "scipy", "typer"],
}
MISTAKES = {  # learner → what is replaced in the solution, and the terms that are wrong or follow from wrong ones
    "ada": [],
    "bob": [("dA1 * (Z1 > 0)", "dA1")],  # dZ1, dW1, db1
    "eve": [(" / len(X)", "")],  # every term
}
RIGHT = {"ada": 7, "bob": 4, "eve": 0}


def environment(form, folder):
    """Return the Python of an environment with the tool."""
    place = Path(os.environ.get("ENVIRONMENT") or folder / "venv")
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        venv.create(place, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES[form]], check=True)
    return python


def run(python, folder, *command):
    """Run a command of the environment in a folder; return what it printed."""
    paths = {"PYTHONPATH": str(SOURCE), "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **paths},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def solution_of(learner):
    """The learner's function."""
    sys.path.insert(0, str(SOURCE))
    from glassnet.worksheets.assignment import EXERCISES
    from glassnet.worksheets.notebook import _code

    code = _code(EXERCISES[TOPIC], "", "")
    for right, wrong in MISTAKES[learner]:
        assert right in code
        code = code.replace(right, wrong)
    return code


def hand_in(released, target, learner):
    """Write the learner's function into the released notebook."""
    notebook = json.loads(released.read_text(encoding="utf-8"))
    cell = next(c for c in notebook["cells"] if c["cell_type"] == "code" and "def gradients" in "".join(c["source"]))
    assert "softmax" not in "".join(cell["source"])
    assert "A1.T" not in "".join(cell["source"])  # the solution is gone
    cell["source"] = solution_of(learner)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(notebook), encoding="utf-8")


def nbgrader(folder, python):
    """Make, release, hand in, autograde, give feedback, export; return the marks by learner."""
    course = folder / "course"
    run(python, folder, python, "-m", "glassnet", "assignment", "--topic", TOPIC, "--format", "nbgrader", "--out", course,
        "--points", POINTS)  # fmt: skip
    (course / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'course'\n")
    tool = [python, "-m", "nbgrader"]
    run(python, course, *tool, "generate_assignment", TOPIC)
    for learner in MISTAKES:
        hand_in(
            course / "release" / TOPIC / f"{TOPIC}.ipynb",
            course / "submitted" / learner / TOPIC / f"{TOPIC}.ipynb",
            learner,
        )
    run(python, course, *tool, "autograde", TOPIC)
    run(python, course, *tool, "generate_feedback", TOPIC)
    run(python, course, *tool, "export")
    feedback = (course / "feedback" / "bob" / TOPIC / f"{TOPIC}.html").read_text(encoding="utf-8")
    assert "derivative is forgotten on the way back" in feedback
    with (course / "grades.csv").open(encoding="utf-8") as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def otter(folder, python):
    """Assign, hand in, grade; return the marks by learner."""
    place = folder / "otter"
    run(python, folder, python, "-m", "glassnet", "assignment", "--topic", TOPIC, "--format", "otter", "--out", place,
        "--points", POINTS)  # fmt: skip
    tool = [python, "-m", "otter"]
    run(python, place, *tool, "assign", f"{TOPIC}.ipynb", "dist", "--no-pdfs")
    (autograder,) = (place / "dist" / "autograder").glob("*.zip")
    marks = {}
    for learner in MISTAKES:
        handed_in = place / learner / f"{TOPIC}.ipynb"
        hand_in(place / "dist" / "student" / f"{TOPIC}.ipynb", handed_in, learner)
        run(python, handed_in.parent, *tool, "run", "-a", autograder, "-o", handed_in.parent, handed_in)
        results = json.loads((handed_in.parent / "results.json").read_text(encoding="utf-8"))
        marks[learner] = sum(test.get("score", 0.0) for test in results["tests"])
    return marks


if __name__ == "__main__":
    form = sys.argv[1]
    with tempfile.TemporaryDirectory() as temporary:
        marks = {"nbgrader": nbgrader, "otter": otter}[form](Path(temporary), environment(form, Path(temporary)))
    for learner, mark in marks.items():
        print(f"{form}: {learner} has {mark:g} of {POINTS}; expected {RIGHT[learner]}")
    sys.exit({learner: round(mark, 2) for learner, mark in marks.items()} != RIGHT)
