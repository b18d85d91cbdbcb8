"""The sentences that say most of a text: TextRank, without a model and without a network.

Sentences that share rare words point at each other, and those that many point at are ranked high (Mihalcea and Tarau, 2004).
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

MOST_SENTENCES = 2000
_ROUNDS = 30
_DAMPING = 0.85
# A sentence ends with its mark, quotes and brackets included, where something new begins.
_END = re.compile(r"""(?<=[.!?…])["'”’)\]]*\s+(?=["'“‘(\[]?[A-ZÄÖÜÀ-Þ0-9])""")
_WORD = re.compile(r"[^\W\d_]{3,}")
_ABBREVIATION = re.compile(r"\b(?:[A-Z]|Dr|Mr|Mrs|Ms|Prof|St|vs|etc|e\.g|i\.e|Fig|No|z\.B|bzw|usw)\.$")


@dataclass(frozen=True)
class Progress:
    """How far the work is: what is done now, and the share that is behind it."""

    doing: str
    share: float


@dataclass(frozen=True)
class Summary:
    """The chosen sentences in the order of the text, and how long it was."""

    sentences: list[str]
    of: int


def summarise(text: str, count: int) -> Iterator[Progress | Summary]:
    """Choose sentences. Tells its progress meanwhile, and gives the summary at last."""
    yield Progress("Reading", 0.0)
    sentences = split(text)[:MOST_SENTENCES]
    yield Progress(f"Comparing {len(sentences)} sentences", 0.1)
    links: list[dict[int, float]] = [{} for _ in sentences]
    for position, neighbours in enumerate(compare(sentences)):
        links[position] = neighbours
        if position and position % 200 == 0:
            yield Progress(f"Comparing {len(sentences)} sentences", 0.1 + 0.7 * position / len(sentences))
    yield Progress("Weighing", 0.8)
    scores = rank(links)
    best = sorted(sorted(range(len(sentences)), key=lambda at: -scores[at])[:count])
    yield Summary([sentences[at] for at in best], len(sentences))


def split(text: str) -> list[str]:
    """The sentences of a text. Headings and lines of a list are none."""
    found: list[list[str]] = []
    for paragraph in re.split(r"\n\s*\n", text):
        is_open = False
        for piece in _END.split(" ".join(paragraph.split())):
            if is_open:
                found[-1].append(piece)
            else:
                found.append([piece])
            # "Dr. Brown": the sentence goes on.
            is_open = _ABBREVIATION.search(piece[-12:]) is not None
    sentences = dict.fromkeys(" ".join(pieces) for pieces in found)
    return [sentence for sentence in sentences if len(sentence.split()) > 3 and sentence[-1] in ".!?…\"'”’)]"]


def compare(sentences: list[str]) -> Iterator[dict[int, float]]:
    """For each sentence, those that share words with it, and how much: the cosine of their words, rare ones counting more."""
    counts = [Counter(word.lower() for word in _WORD.findall(sentence)) for sentence in sentences]
    spread = Counter(word for count in counts for word in count)
    vectors = [{word: times * math.log(len(sentences) / spread[word]) for word, times in count.items()} for count in counts]
    lengths = [math.sqrt(sum(weight * weight for weight in vector.values())) or 1.0 for vector in vectors]
    holders: dict[str, list[int]] = defaultdict(list)
    for position, vector in enumerate(vectors):
        for word in vector:
            holders[word].append(position)
    for position, vector in enumerate(vectors):
        near: dict[int, float] = defaultdict(float)
        for word, weight in vector.items():
            for other in holders[word]:
                if other != position:
                    near[other] += weight * vectors[other][word]
        yield {other: product / lengths[position] / lengths[other] for other, product in near.items() if product > 0}


def rank(links: list[dict[int, float]]) -> list[float]:
    """How much each sentence is pointed at, by sentences that are pointed at themselves."""
    scores = [1.0] * len(links)
    totals = [sum(neighbours.values()) or 1.0 for neighbours in links]
    for _ in range(_ROUNDS):
        scores = [
            1 - _DAMPING + _DAMPING * sum(weight / totals[other] * scores[other] for other, weight in neighbours.items())
            for neighbours in links
        ]
    return scores
