"""One-to-one: a person's height, weight and age, and one of three classes. T = 1: a network without a past."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from playground.batch import Batch, Signature
from playground.catalogue import N_
from playground.tasks.drawing import Drawn
from playground.tasks.task import Shape, Shown, answered_by

HEIGHTS = (150, 190)  # cm
WEIGHTS = (-20, 20)  # kg more than height − 100
AGES = (20, 80)  # years
CLASSES = (N_("low"), N_("normal"), N_("high"))
BORDERS = (110.0, 130.0)  # below the first: low; from the second on: high
# What the network reads is about as far from 0 as numbers of a standard normal distribution.
CENTRE, SPREAD = (170.0, 70.0, 50.0), (12.0, 16.0, 18.0)


@dataclass(frozen=True, kw_only=True)
class BloodPressure(Drawn):
    """A rule made up for this page, no medicine: pressure = 90 + 0.6 · age + (weight − (height − 100)) ± noise.

    Height, weight and age are whole numbers, all of them equally frequent; `noise` is the standard deviation of what
    comes on top, so the same person can be in different classes.
    """

    noise: float = 5.0

    name: ClassVar[str] = "one-to-one"
    title: ClassVar[str] = N_("One-to-one: blood pressure")
    tests: ClassVar[str] = N_(
        "One input, one answer: from height, weight and age to low, normal or high blood pressure, by a made-up rule."
    )
    shape: ClassVar[Shape] = "one-to-one"
    goal: ClassVar[float] = 0.7
    named: ClassVar[bool] = True

    @property
    def signature(self) -> Signature:
        """Three numbers in, three classes out."""
        return Signature("vectors", 3, len(CLASSES))

    @cached_property
    def odds(self) -> Tensor:
        """P(class) of every person there can be: (weights above height − 100, ages, classes), float64.

        By the rule it does not matter how tall somebody is of whom this is known.
        """
        above, ages = (torch.arange(low, high + 1).double() for low, high in (WEIGHTS, AGES))
        pressure = _pressure(above[:, None], ages)
        if self.noise:
            low, high = ((border - pressure) / self.noise for border in BORDERS)
            below = torch.stack([torch.special.ndtr(low), torch.special.ndtr(high)], -1)
        else:
            below = torch.stack([pressure < border for border in BORDERS], -1).double()
        return torch.cat([below[..., :1], below[..., 1:] - below[..., :1], 1 - below[..., 1:]], -1)

    @property
    def chance(self) -> float:
        """The share of the most frequent class."""
        return self.odds.mean((0, 1)).max().item()

    @property
    def ceiling(self) -> float:
        """The accuracy of who knows the rule and always says the most probable class: noise cannot be known.

        It is so on average over all people. On those that are held out chance decides, and may go beyond it.
        """
        return self.odds.amax(-1).mean().item()

    def draw(self, generator: torch.Generator, count: int) -> Batch:
        """`count` people as they come."""
        height, above, age = (
            torch.randint(low, high + 1, (count,), generator=generator)
            for low, high in (HEIGHTS, WEIGHTS, AGES)
        )
        people = torch.stack([height, height - 100 + above, age], -1).float()
        noise = self.noise * torch.randn(count, generator=generator)
        targets = torch.bucketize(_pressure(above, age) + noise, torch.tensor(BORDERS), right=True)
        inputs = (people - torch.tensor(CENTRE)) / torch.tensor(SPREAD)
        return Batch(inputs[None, None], targets[None, None], torch.ones(1, 1, count, dtype=torch.bool))

    def answer(self, target: int) -> str:
        """Low, normal or high."""
        return CLASSES[target]

    def show(self, batch: Batch, column: int, outputs: Tensor | None = None) -> Shown:
        """A person in three numbers, and the class."""
        person = batch.inputs[0, 0, column] * torch.tensor(SPREAD) + torch.tensor(CENTRE)
        height, weight, age = person.round().int().tolist()
        answered = "" if outputs is None else answered_by(outputs[0, 0, column], self.answer)
        asked = self.answer(int(batch.targets[0, 0, column]))
        return Shown((f"{height} cm, {weight} kg, {age}",), (asked,), (answered,))


def _pressure(above: Tensor, age: Tensor) -> Tensor:
    """The rule: `above` are the kilograms above height − 100."""
    return 90 + 0.6 * age + above
