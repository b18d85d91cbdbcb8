"""Functions of a row and its neighbours, for `Window`."""

import sqlalchemy as sa

from .base import Func


class _Ranking(Func):
    def __init__(self) -> None:
        super().__init__()


class RowNumber(_Ranking):
    """The number of a row in its window, from 1."""

    function, output_type = "row_number", sa.BigInteger()


class Rank(_Ranking):
    """The rank of a row in its window; equal rows have the same, and leave a gap."""

    function, output_type = "rank", sa.BigInteger()


class DenseRank(_Ranking):
    """The rank of a row in its window, without gaps."""

    function, output_type = "dense_rank", sa.BigInteger()


class Lag(Func):
    """The value of a row before: `Window(Lag("price"), order_by="day")`."""

    function = "lag"


class Lead(Func):
    """The value of a row after."""

    function = "lead"


class FirstValue(Func):
    """The value of the window's first row."""

    function = "first_value"


class LastValue(Func):
    """The value of the last row of the frame."""

    function = "last_value"
