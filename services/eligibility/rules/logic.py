"""The few words a rule may use: three-valued logic and exact arithmetic on whole numbers.

A rule is written once and read twice: on plain values (one household) and on columns of a dataframe (a population).
Both speak the same operators; these helpers bridge what operators cannot say. A plain value that nobody knows
is an Unknown, in a column it is null. Both behave alike: arithmetic and comparison stay unknown, "and" and "or" follow
Kleene's strong logic.

Rates are whole numbers of ten-thousandths (RATE), so that 60 % is 6,000 and comparisons multiply crosswise.
"""

import operator
from typing import Any, Final, NoReturn, Protocol

Value = Any  # a whole number, truth, code, UNKNOWN or column expression: the one rule text reads them all

RATE: Final = 10_000
"""A rate or multiple of 1, in the whole numbers that rules compare."""

MONTHS: Final = 12
"""Months of a year."""

NET: Final = RATE * MONTHS
"""Net income is kept in fen x 120,000: a rate of it and a twelfth of a year's cost are both whole."""

BEYOND: Final = 10**14
"""Fen that no household reaches: the threshold where a list of bands is empty."""


class Unknown:
    """A value nobody knows, and which missing facts it hangs on: one bit of `facts` for each.

    Operations put the bits together, and a claim that is decided all the same forgets them: so whatever stays unknown
    at the end names exactly the facts that could still change it.
    """

    __slots__ = ("facts",)

    def __init__(self, facts: int = 0) -> None:
        self.facts = facts

    def _with(self, other: Value) -> "Unknown":
        if type(other) is not Unknown or other.facts == self.facts:
            return self
        return Unknown(self.facts | other.facts)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __floordiv__ = __rfloordiv__ = _with
    __lt__ = __le__ = __gt__ = __ge__ = _with
    __eq__ = __ne__ = _with  # type: ignore[assignment] # a comparison with an unknown value is unknown, not False

    __hash__ = object.__hash__

    def __and__(self, other: Value) -> Value:
        if other is False:
            return False
        return self._with(other) if other is True or type(other) is Unknown else columns().unknown & other

    def __or__(self, other: Value) -> Value:
        if other is True:
            return True
        return self._with(other) if other is False or type(other) is Unknown else columns().unknown | other

    def __xor__(self, other: Value) -> Value:
        if other is True or other is False or type(other) is Unknown:
            return self._with(other)
        return columns().unknown ^ other

    __rand__ = __and__
    __ror__ = __or__
    __rxor__ = __xor__

    def __bool__(self) -> NoReturn:
        raise TypeError("an unknown value is neither true nor false: use all_of, any_of, choose or established")

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
"""A value nobody knows, hanging on no fact in particular."""


def is_unknown(value: Value) -> bool:
    """Whether a plain value is unknown."""
    return type(value) is Unknown


class ColumnWords(Protocol):
    """What a dataframe engine must offer beyond its operators."""

    unknown: Value
    """A null of any type."""

    def choose(self, claim: Value, then: Value, otherwise: Value) -> Value:
        """As `choose`, on columns."""

    def established(self, claim: Value, then: Value, otherwise: Value) -> Value:
        """As `established`, on columns."""

    def one_of(self, code: Value, codes: Value) -> Value:
        """As `one_of`, on columns."""

    def larger(self, one: Value, other: Value) -> Value:
        """As `larger`, on columns."""

    def smaller(self, one: Value, other: Value) -> Value:
        """As `smaller`, on columns."""


_columns: ColumnWords | None = None


def use_columns(words: ColumnWords) -> None:
    """Name the dataframe engine; its module calls this once when it is imported."""
    global _columns
    _columns = words


def columns() -> ColumnWords:
    """The dataframe engine in use.

    Raises: TypeError when a rule met something that is no plain value and no engine was named.
    """
    if _columns is None:
        raise TypeError("no column engine is in use")
    return _columns


def all_of(holds: Value = True, *more: Value) -> Value:
    """True when every claim holds, False when one does not, else unknown."""
    for claim in more:
        holds = holds & claim
    return holds


def any_of(holds: Value = False, *more: Value) -> Value:
    """True when one claim holds, False when none does, else unknown."""
    for claim in more:
        holds = holds | claim
    return holds


def negate(claim: Value) -> Value:
    """The opposite; unknown stays unknown."""
    return claim ^ True


def choose(claim: Value, then: Value, otherwise: Value) -> Value:
    """One value where the claim holds, the other where it does not.

    Where the claim is unknown the answer is unknown too, unless both values are the same: then it does not matter.
    """
    if claim is True:
        return then
    if claim is False:
        return otherwise
    if type(claim) is Unknown:
        if then is otherwise:
            return then
        same = then == otherwise
        if same is True:
            return then
        return claim if same is False else claim + same
    return columns().choose(claim, then, otherwise)


def undecided(claim: Value) -> Value:
    """False where a claim is known, whichever way; unknown where it is not."""
    return claim ^ claim


def established(claim: Value, then: Value, otherwise: Value) -> Value:
    """One value where the claim is known to hold, the other where it does not or nobody knows.

    For sums over those who are established, never for a refusal.
    """
    if claim is True:
        return then
    return otherwise if claim is False or type(claim) is Unknown else columns().established(claim, then, otherwise)


def one_of(code: Value, codes: Value) -> Value:
    """Whether a code is among some codes."""
    if type(codes) is Unknown:
        return codes + code
    if type(code) is str:
        return code in codes
    if type(code) is Unknown:
        return code if codes else False
    return columns().one_of(code, codes)


below: Final = operator.lt
"""Strictly less: 低于."""

at_most: Final = operator.le
"""Less or the same: 不超过, 以下."""

above: Final = operator.gt
"""Strictly more: 超过."""

at_least: Final = operator.ge
"""More or the same: 以上."""


def larger(one: Value, other: Value) -> Value:
    """The larger of two numbers."""
    if type(one) is int and type(other) is int:
        return one if one >= other else other
    if type(one) is Unknown or type(other) is Unknown:
        return choose(one >= other, one, other)
    return columns().larger(one, other)


def smaller(one: Value, other: Value) -> Value:
    """The smaller of two numbers."""
    if type(one) is int and type(other) is int:
        return one if one <= other else other
    if type(one) is Unknown or type(other) is Unknown:
        return choose(one <= other, one, other)
    return columns().smaller(one, other)


def round_half_up(numerator: Value, denominator: Value) -> Value:
    """The whole number nearest to a quotient, halves upwards. Dividing by zero is unknown."""
    if type(denominator) is int and denominator == 0:
        return UNKNOWN
    return (numerator * 2 + denominator) // (denominator * 2)


def last_reached(figure: Value, rows: Value) -> Value:
    """What the last row gives whose lower edge the figure reaches; 0 when it reaches none. Rows: (at least, gives)."""
    if type(rows) is Unknown:
        return rows
    answer: Value = 0
    for edge, gives in rows:
        answer = choose(figure >= edge, gives, answer)
    return answer


def lowest_edge(rows: Value) -> Value:
    """The lower edge of the first row; beyond every figure when there is no row."""
    if type(rows) is Unknown:
        return rows
    return rows[0][0] if rows else BEYOND


def first_within(figure: Value, rows: Value, per: Value) -> Value:
    """What the first row gives whose limit, times `per`, the figure does not exceed; else 0. Rows: (at most, gives)."""
    if type(rows) is Unknown:
        return rows
    answer: Value = 0
    for limit, gives in reversed(rows):
        answer = choose(figure <= limit * per, gives, answer)
    return answer


def graded(card: Value, rows: Value) -> Value:
    """Whether a disability card reaches one of the rows (kind or "any", worst grade that still counts).

    `card` has card_kind and card_grade; grade 1 is the most severe, and who holds no card has a grade beyond all.
    """
    if type(rows) is Unknown:
        return rows
    kind, grade = card.card_kind, card.card_grade
    return any_of(
        *(grade <= worst if which == "any" else all_of(kind == which, grade <= worst) for which, worst in rows)
    )
