"""Looks the words of the server's answers up by name, in the language of a query."""

from __future__ import annotations

import re
from dataclasses import dataclass

from glassnet.playground.texts import english, german

LANGUAGES = ("en", "de")
DECIMAL = {"en": ".", "de": ","}
THOUSANDS = {"en": ",", "de": "\u202f"}  # the narrow space of the page
_TEXTS = {"en": english.TEXTS, "de": german.TEXTS}
_NAMES = {"en": english.NAMES, "de": german.NAMES}


def language_of(wanted: str) -> str:
    """Return the first language of a list such as "de-AT,de;q=0.9,en" that the page has; English if it has none.

    Examples
    --------
    >>> language_of("fr,de;q=0.9"), language_of("")
    ('de', 'en')
    """
    codes = [each.strip()[:2].lower() for each in wanted.split(",")]
    return next((code for code in codes if code in LANGUAGES), "en")


@dataclass(frozen=True)
class Words:
    r"""Texts in a language: `words(name, value=…)` is the text of a name with its values, numbers as the language writes them.

    Examples
    --------
    >>> words = Words("de")
    >>> words("remedy.rate", value=0.3)
    'setze die Lernrate auf 0,3'
    >>> words("remedy.on", step=12000)
    'trainiere weiter bis Schritt 12\u202f000'
    """

    language: str = "en"

    @property
    def foreign(self) -> bool:
        """True if the library's texts, which are English, are in another language."""
        return self.language != "en"

    def __call__(self, called: str, /, **values: object) -> str:
        return _TEXTS[self.language][called].format(**{key: self.shown(value) for key, value in values.items()})

    def shown(self, value: object) -> str:
        """Return a number as the language writes it; text as it is."""
        if isinstance(value, int):
            return f"{value:,}".replace(",", THOUSANDS[self.language])
        return self.decimal(f"{value:g}") if isinstance(value, float) else str(value)

    def decimal(self, number: str) -> str:
        """Return a number that is written with a point with the language's decimal sign."""
        return number.replace(".", DECIMAL[self.language])

    def named(self, name: str) -> str:
        """Return a name of the library in words."""
        return _NAMES[self.language].get(name, name.replace("_", " "))

    def titled(self, title: str) -> str:
        """Return the title of a built-in data set in words; any other as it is."""
        return _NAMES[self.language].get(title, title)

    def within(self, text: str) -> str:
        """Return a sentence as it stands after a colon: in English with a small letter."""
        return text if self.foreign else f"{text[:1].lower()}{text[1:]}"


def same_decimals(text: str, language: str) -> str:
    """Return a text of a language with its numbers written with a point, and none between thousands."""
    if DECIMAL[language] == ".":
        return text
    return re.sub(r"(?<=\d),(?=\d)", ".", re.sub(r"(?<=\d)\.(?=\d)", "", text))


ENGLISH = Words()
