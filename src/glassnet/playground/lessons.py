"""The built-in lessons, read from the files in lesson_texts.

A number in a text is written as the page shows it at that step, with the page's word for it: training loss, test accuracy.
The tests compute every claim again with glassnet, and look for every number on the page, in each language.
"""

from pathlib import Path

from glassnet.playground.lesson_files import read_lessons

LESSONS = read_lessons(Path(__file__).parent / "lesson_texts")
