"""Currencies, by the signs that stand beside amounts."""

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

from quarterdeck.declared import read_yaml

CURRENCIES_FILE = Path(__file__).with_name("currencies.yml")
_REMEMBERED = 1 << 12


@cache
def _names() -> dict[str, str]:
    """The currency of each sign."""
    declared: dict[str, list[str]] = read_yaml(CURRENCIES_FILE)
    return {sign: name for name, signs in declared.items() for sign in signs}


@cache
def any_sign() -> str:
    """A pattern of every sign that is known; one of letters does not stand within a word."""
    signs = sorted(_names(), key=len, reverse=True)
    return "|".join(rf"(?<![A-Z]){sign}(?![A-Z])" if sign.isalpha() else re.escape(sign) for sign in signs)


def currency_of(sign: str) -> str:
    """The currency that a sign stands for; of one that is not known, the sign itself.

    >>> currency_of("£"), currency_of("US$"), currency_of("kr")
    ('gbp', 'usd', 'kr')
    """
    return _names().get(sign, sign)


@lru_cache(_REMEMBERED)
def sign_in(text: str) -> str | None:
    """The sign of a currency that stands in a text; None where none does.

    >>> sign_in("US$ 5"), sign_in("1,250 EUR"), sign_in("1,250"), sign_in("5 ₩")
    ('US$', 'EUR', None, '₩')
    """
    found = re.search(any_sign(), text)
    return found[0] if found else next((one for one in text if unicodedata.category(one) == "Sc"), None)
