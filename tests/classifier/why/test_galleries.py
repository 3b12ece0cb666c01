"""Galleries show what the scores say, of the test part alone."""

from __future__ import annotations

import numpy as np

from ganeval.classifier.examples import Split
from ganeval.classifier.why.galleries import galleries, gallery_digests, gallery_places
from ganeval.classifier.why.held_out import hold_out


def test_galleries_hold_the_extremes_in_order(make) -> None:
    made = make(reals=20, fakes=20, side=8)
    scores = np.random.default_rng(0).permutation(40).astype(np.float64) - 20
    held_out = hold_out(made.examples, made.split, scores, temperature=2.0)
    shown = {gallery.name: gallery for gallery in galleries(held_out, gallery_places(held_out), {})}
    fakes, reals = np.sort(scores[20:]), np.sort(scores[:20])
    assert [one.logit for one in shown["caught"].images] == fakes[::-1][:12].tolist()
    assert [one.logit for one in shown["convincing"].images] == fakes[:12].tolist()
    assert [one.logit for one in shown["mistaken"].images] == reals[::-1][:12].tolist()
    first = shown["mistaken"].images[0]
    assert first.label == "reals"
    assert first.key == f"{int(np.argmax(scores[:20])):03d}.png"
    assert first.p_fake == 1 / (1 + np.exp(-first.logit / 2))


def test_only_images_of_the_test_part_are_shown(make) -> None:
    made = make(reals=20, fakes=20, side=8)
    parts = made.split.parts.copy()
    parts[::2] = 0
    held_out = hold_out(made.examples, Split(parts, "hash"), np.arange(40.0))
    shown = galleries(held_out, gallery_places(held_out), {})
    keys = {(image.label, image.key) for gallery in shown for image in gallery.images}
    test = set(np.flatnonzero(parts == 2))
    allowed = {(made.examples.name(row), made.examples.keys[row]) for row in test}
    assert keys
    assert keys <= allowed
    digests = gallery_digests(held_out, gallery_places(held_out))
    assert {(label, key) for label, own in digests.items() for key in own} == keys
    assert digests["fakes"]["019.png"] == made.examples.digests[39]


def test_one_picture_cut_into_many_does_not_fill_a_gallery(make) -> None:
    groups = [f"picture {i // 4}" for i in range(32)]
    made = make(reals=16, fakes=16, side=8, groups=groups)
    held_out = hold_out(made.examples, made.split, np.arange(32.0))
    places = gallery_places(held_out)
    assert places["caught"] == [31, 27, 23, 19]
    assert places["convincing"] == [16, 20, 24, 28]
