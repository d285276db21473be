"""The suite of worksheets: sheets solved by their key, with rounded lines, and with each listed mistake planted.

`python tests/worksheets/suite.py 200` prints for each topic how many of that many seeds are graded right, and how many
planted mistakes are named; `python tests/worksheets/suite.py 200 neuron loss` does so for some.
"""

import sys
from collections import Counter

import numpy as np

from glassnet.worksheets.catalog import TOPICS, draw_sheet
from glassnet.worksheets.draw import effects
from glassnet.worksheets.files import FilledSheet
from glassnet.worksheets.grading import grade_sheet, key_answers


def rounded(answers, digits):
    """Answers to so many significant digits."""
    if isinstance(answers, dict):
        return {name: rounded(each, digits) for name, each in answers.items()}
    if isinstance(answers, list):
        return [rounded(each, digits) for each in answers]
    return float(f"{answers:.{digits - 1}e}") if isinstance(answers, float) else answers


def planted(sheet):
    """Yield the code of each mistake that shows on the sheet, and the answers of a learner who makes it."""
    key = key_answers(sheet)
    for part in sheet.parts:
        for code, effect in effects(part.derivation, part.asked, part.listed).items():
            own = {
                part.item(symbol).name: np.reshape(effect.values[symbol], part.item(symbol).shape).tolist()
                for symbol in part.asked
                if symbol in effect.values
            }
            yield code, {**key, **rounded(own, 4)}
        for item in part.items:
            for option in item.options:
                if item.name == "a.cause" and option != item.right:
                    yield item.mistakes[""].code, {**key, item.name: option}


def is_named(code, result):
    """True if a grade names the mistake, alone or beside others that give the same numbers."""
    others = {other.code for grade in result.grades.values() for other in grade.also_possible}
    return code in others | {mistake.code for mistake in result.mistakes}


def measure(topic, seeds):
    """Count for a topic: keys graded right at 17, 4 and 3 digits, planted mistakes, those named, and what was missed."""
    right, made, named, missed = 0, 0, 0, Counter()
    for seed in seeds:
        sheet = draw_sheet(topic, seed)
        key = key_answers(sheet)
        results = [grade_sheet(FilledSheet("key", sheet, rounded(key, digits))) for digits in (17, 4, 3)]
        right += all(result.ok and result.right == len(result.marks) for result in results)
        for code, answers in planted(sheet):
            result = grade_sheet(FilledSheet("learner", sheet, answers))
            made += 1
            named += is_named(code, result)
            missed.update([] if is_named(code, result) else [code])
    return right, made, named, missed


if __name__ == "__main__":
    count = int(sys.argv[1])
    for name in sys.argv[2:] or TOPICS:
        right, made, named, missed = measure(name, range(count))
        print(
            f"{name:20} {right} of {count} keys right, {named} of {made} mistakes named {dict(missed) or ''}",
            flush=True,
        )
