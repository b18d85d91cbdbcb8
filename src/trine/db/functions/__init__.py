"""Functions of the database, under Django's names."""

from .aggregates import Aggregate, ArrayAgg, Avg, Count, Max, Min, StdDev, StringAgg, Sum
from .base import Func
from .search import CosineDistance, L2Distance, MaxInnerProduct, SearchQuery, SearchRank, SearchVector, TrigramSimilarity
from .text import Concat, Left, Length, Lower, Replace, Substr, Trim, Upper
from .times import Extract, Now, Trunc
from .values import Abs, Cast, Ceil, Coalesce, Floor, Greatest, Least, NullIf, Random, Round
from .windows import DenseRank, FirstValue, Lag, LastValue, Lead, Rank, RowNumber

__all__ = [
    "Abs",
    "Aggregate",
    "ArrayAgg",
    "Avg",
    "Cast",
    "Ceil",
    "Coalesce",
    "Concat",
    "CosineDistance",
    "Count",
    "DenseRank",
    "Extract",
    "FirstValue",
    "Floor",
    "Func",
    "Greatest",
    "L2Distance",
    "Lag",
    "LastValue",
    "Lead",
    "Least",
    "Left",
    "Length",
    "Lower",
    "Max",
    "MaxInnerProduct",
    "Min",
    "Now",
    "NullIf",
    "Random",
    "Rank",
    "Replace",
    "Round",
    "RowNumber",
    "SearchQuery",
    "SearchRank",
    "SearchVector",
    "StdDev",
    "StringAgg",
    "Substr",
    "Sum",
    "TrigramSimilarity",
    "Trim",
    "Trunc",
    "Upper",
]
