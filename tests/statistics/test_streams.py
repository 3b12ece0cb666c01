"""One stream per seed and purpose."""

from __future__ import annotations

import numpy as np

from ganeval.statistics.streams import generator


def test_streams_depend_on_seed_and_purpose_alone() -> None:
    first = generator(3, "floor real").random(4)
    np.testing.assert_array_equal(first, generator(3, "floor real").random(4))
    assert not np.array_equal(first, generator(3, "floor fake").random(4))
    assert not np.array_equal(first, generator(4, "floor real").random(4))


def test_the_global_state_is_untouched() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002  (looks at it, does not use it)
    generator(0, "x").random(10)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
