"""Ticket numbers: `PA-<year>-<6 digits>-<check digit>`.

The check digit is H. M. Damm's (Total anti-symmetrische Quasigruppen, Marburg 2004): it catches every wrong digit
and every swap of two neighbours, the two slips that people make when they read a number over the telephone.
"""

import re

_TABLE = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
_NUMBER = re.compile(r"^PA-(\d{4})-(\d{6})-(\d)$")


def check_digit(digits: str) -> int:
    """The check digit of a string of digits."""
    interim = 0
    for digit in digits:
        interim = _TABLE[interim][int(digit)]
    return interim


def make(year: int, serial: int) -> str:
    """The number of the `serial`-th ticket of a year. Raises ValueError beyond 999,999 tickets."""
    if not 0 < serial <= 999_999:
        raise ValueError(f"serial {serial} does not fit six digits")
    return f"PA-{year}-{serial:06d}-{check_digit(f'{year}{serial:06d}')}"


def is_valid(number: str) -> bool:
    """Whether a number has the right form and check digit."""
    match = _NUMBER.match(number)
    return match is not None and check_digit(match[1] + match[2]) == int(match[3])
