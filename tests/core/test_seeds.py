"""Seeds for one purpose each."""

from __future__ import annotations

import hashlib

from grader.core import seeds


def test_equal_purposes_have_equal_seeds_and_others_do_not() -> None:
    made = [
        seeds.derived(seed, *purpose)
        for seed in (7, 8)
        for purpose in (("run", 0), ("run", 1), ("labels", 1), ("pixels",), ("run", "0/1"))
    ]
    assert len(set(made)) == len(made)
    assert seeds.derived(7, "run", 0) == made[0]


def test_a_seed_fits_where_it_is_kept_and_can_be_as_long_as_its_digest() -> None:
    assert all(0 <= seeds.derived(n, "x") < 1 << seeds.BITS for n in range(200))
    assert max(seeds.derived(n, "x") for n in range(200)) > 1 << seeds.BITS - 2
    assert seeds.derived(7, "x", bits=256) == int(hashlib.sha256(b"7/x").hexdigest(), 16)


def test_class_orders_of_older_result_folders_stay_as_they_were() -> None:
    old = int.from_bytes(hashlib.sha256(b"99/labels/1").digest()[:8])
    assert seeds.derived(99, "labels", 1, bits=64) == old
