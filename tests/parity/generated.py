"""Random pipelines over every operator that applies to tables.

Blocks of stages are dealt like cards: each round deals all of them to a few pipelines, so that every round
covers every operator, and what stands beside what is left to chance. A pipeline is known by its seed, round
and hand alone. Nothing shrinks a pipeline that fails: fitting one takes seconds, and the first stage that
differs tells more than a smaller pipeline would.

Stages that drop rows stand in front: Spark may drop a row before a stage that stands further up refuses it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from pyspark.ml import Pipeline
from pyspark.ml import feature as F
from pyspark.ml import regression as R

from tests.parity.generated_draft import Block, Draft, Stage
from tests.parity.generated_estimators import ESTIMATORS
from tests.parity.generated_features import INDEXING, VECTORS
from tests.parity.generated_frame import TEXTS, VECTOR, WIDTH

HANDS = 3


def deal(seed: int) -> list[list[Stage]]:
    """Deal the blocks of one round to pipelines, and give the unfitted stages of each."""
    chance = random.Random(seed)  # noqa: S311 - tests, not secrets
    hands: list[list[Block]] = [[] for _ in range(HANDS)]
    for deck in (INDEXING, VECTORS, ESTIMATORS):
        cards = chance.sample(deck, len(deck))
        for place, card in enumerate(cards):
            hands[place % HANDS].append(card)
    return [_build(chance, hand) for hand in hands]


def _build(chance: random.Random, hand: Sequence[Block]) -> list[Stage]:
    draft = Draft(chance)
    _index(draft)
    _assemble(draft)
    for block in hand:
        block(draft)
    _assemble_predictions(draft)
    return [*draft.dropping, *_nested(draft)]


def _nested(draft: Draft) -> list[Stage]:
    """Put some stages that stand together into a pipeline of their own, and that perhaps into another."""
    stages = draft.stages
    start = draft.chance.randrange(len(stages) - 3)
    end = draft.chance.randrange(start + 2, len(stages))
    inner: Stage = Pipeline(stages=stages[start:end])
    if draft.chance.random() < 0.3:
        inner = Pipeline(stages=[inner])
    return [*stages[:start], inner, *stages[end:]]


def _index(draft: Draft) -> None:
    """Number the texts, as every pipeline does."""
    for text, values in TEXTS.items():
        column = draft.name(f"{text}_rank")
        choice = draft.chance.choices(("keep", "error", "skip"), (8, 1, 1))[0]
        if None in values and choice == "error":
            # The frame that is fitted holds null.
            choice = "keep"
        order = draft.chance.choice(("frequencyDesc", "frequencyAsc", "alphabetDesc", "alphabetAsc"))
        stage = F.StringIndexer(inputCol=text, outputCol=column, handleInvalid=choice, stringOrderType=order)
        (draft.dropping if choice == "skip" else draft.stages).append(stage)
        if "" in values:
            # Spark gives columns the names of categories, and takes no empty one.
            draft.predictions.append(column)
        else:
            draft.indices[column] = len({each for each in values if each is not None}) + (choice == "keep")


def _assemble(draft: Draft) -> None:
    """Put numbers together, and numbers with indices and the vector from outside."""
    numbers = draft.chance.sample(["a", "b", "c", "code", "same"], draft.chance.randrange(3, 6))
    plain = draft.name("numbers")
    draft.stages.append(F.VectorAssembler(inputCols=numbers, outputCol=plain, handleInvalid="keep"))
    draft.vectors[plain] = len(numbers)
    draft.vectors[VECTOR] = WIDTH
    mixed = draft.name("mixed")
    parts = draft.chance.sample([*draft.indices, "a", VECTOR, "count"], draft.chance.randrange(3, 6))
    draft.stages.append(F.VectorAssembler(inputCols=parts, outputCol=mixed, handleInvalid="keep"))
    draft.vectors[mixed] = len(parts) + (WIDTH - 1) * (VECTOR in parts)


def _assemble_predictions(draft: Draft) -> None:
    """End in a line through all predictions, so that something stands behind every estimator."""
    vector = draft.name("predictions")
    draft.stages += [
        F.VectorAssembler(inputCols=draft.predictions, outputCol=vector, handleInvalid="keep"),
        R.LinearRegression(
            featuresCol=vector, labelCol="near", predictionCol="answer", regParam=0.1, maxIter=2
        ),
    ]
