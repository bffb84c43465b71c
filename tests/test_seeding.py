"""Random numbers by description."""

import hashlib

import torch

from playground.seeding import seeded


def test_the_same_description_gives_the_same_numbers() -> None:
    drawn = [
        torch.rand(4, generator=seeded(*parts))
        for parts in (("a", 1), ("a", 1), ("a", 2), ("b", 1), (1, 2**40))
    ]
    assert torch.equal(drawn[0], drawn[1])
    assert len({tuple(numbers.tolist()) for numbers in drawn}) == 4


def test_all_of_a_seed_counts() -> None:
    """torch's own generator reads its last 32 bits only."""
    assert torch.equal(*(torch.rand(3, generator=torch.Generator().manual_seed(n)) for n in (7, 2**32 + 7)))
    assert not torch.equal(*(torch.rand(3, generator=seeded(n)) for n in (7, 2**32 + 7)))


def test_the_numbers_are_those_of_a_hash() -> None:
    digest = hashlib.blake2b(b"dropout:3:5", digest_size=4).digest()
    expected = torch.rand(3, generator=torch.Generator().manual_seed(int.from_bytes(digest)))
    assert torch.equal(torch.rand(3, generator=seeded("dropout", 3, 5)), expected)
