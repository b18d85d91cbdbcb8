"""Measure a house-price model on five folds, then train it on every sale and store it as housing.skops.

python examples/housing/train.py [--output FILE]
"""

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skops.io
from sklearn.compose import TransformedTargetRegressor
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

HERE = Path(__file__).parent
FOLDS = 5
SEED = 1987

House = dict[str, int | bool]


@dataclass(frozen=True, slots=True)
class Score:
    """What one fold says about the model, and about always answering the median."""

    r2: float
    error: float
    baseline_error: float


def read_sales(path: Path = HERE / "housing.csv") -> tuple[list[House], list[float]]:
    """Return the houses and their prices. Yes and no become booleans, everything else is a count."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    prices = [float(row.pop("price")) for row in rows]
    houses: list[House] = [{k: v == "yes" if v in {"yes", "no"} else int(v) for k, v in row.items()} for row in rows]
    return houses, prices


def build_model() -> Pipeline:
    """Return an untrained model that reads houses as they are: a list of dictionaries in, a list of prices out."""
    return make_pipeline(
        DictVectorizer(sparse=False),
        # Both sides in logarithms: each bathroom multiplies the price of a house instead of adding to it.
        FunctionTransformer(np.log1p),
        StandardScaler(),
        TransformedTargetRegressor(Ridge(alpha=1.0), func=np.log, inverse_func=np.exp),
    )


def measure(houses: list[House], prices: list[float]) -> Iterator[Score]:
    """Yield one score per fold, each on houses that the model of that fold has not seen."""
    for seen, unseen in KFold(FOLDS, shuffle=True, random_state=SEED).split(houses):
        known = [prices[i] for i in seen]
        actual = [prices[i] for i in unseen]
        model = build_model().fit([houses[i] for i in seen], known)
        predicted = model.predict([houses[i] for i in unseen])
        yield Score(
            r2=r2_score(actual, predicted),
            error=mean_absolute_error(actual, predicted),
            baseline_error=mean_absolute_error(actual, [float(np.median(known))] * len(actual)),
        )


def mean_score(scores: list[Score]) -> Score:
    """Return the mean over the folds."""
    return Score(*(float(np.mean([getattr(score, name) for score in scores])) for name in Score.__slots__))


def train(output: Path) -> Score:
    """Measure, print the table, train on every sale and store the model."""
    houses, prices = read_sales()
    print(f"{len(houses)} house sales, {FOLDS} folds\n")
    print("  fold      R²   mean error    baseline   better by")
    scores = []
    for number, score in enumerate(measure(houses, prices), start=1):
        scores.append(score)
        _print_row(str(number), score)
    mean = mean_score(scores)
    _print_row("mean", mean)

    skops.io.dump(build_model().fit(houses, prices), output)
    print(f"\nTrained on all {len(houses)} sales, stored in {output}")
    return mean


def _print_row(name: str, score: Score) -> None:
    gain = 1 - score.error / score.baseline_error
    print(f"  {name:<6}{score.r2:>6.3f}{score.error:>10,.0f} $ {score.baseline_error:>9,.0f} ${gain:>11.1%}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=HERE / "housing.skops", help="where the model goes")
    train(parser.parse_args().output)
