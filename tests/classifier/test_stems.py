"""What names tell: versions and crops of one picture share a stem, other files do not."""

from __future__ import annotations

import pytest

from ganeval.classifier.stems import StemRule, stem_rule

PLAIN = StemRule(folders=False, copies=True)


@pytest.mark.parametrize(
    ("key", "stem"),
    [
        ("0001.png", "0001"),
        ("deep/Er/0001.JPG", "0001"),
        ("0001_real.png", "0001"),
        ("0001_fake_B.png", "0001"),
        ("0001_real_A.png", "0001"),
        ("0001-generated.png", "0001"),
        ("0001.idt.png", "0001"),
        ("0001_rec_A.png", "0001"),
        ("IMG_0001_A.png", "img_0001"),
        ("monet_crop12.png", "monet"),
        ("monet_crop_12_fake.png", "monet"),
        ("monet_fake_aug3.png", "monet"),
        ("monet_x0_y128.png", "monet"),
        ("monet (2).png", "monet"),
        ("monet(2)_fake.png", "monet"),
        ("n02381460_1000.png", "n02381460_1000"),  # numbers are no tokens
        ("unreal.png", "unreal"),
        ("fake.png", "fake"),  # nothing would be left
        ("_fake.png", "_fake"),
        ("crop12.png", "crop12"),
        ("banana.png", "banana"),
        ("scene.v2.png", "scene.v2"),
        ("faces.zip!0001_fake.png", "0001"),
        ("what!/0001.png", "0001"),
        ("0001", "0001"),  # lines of lists may lack the extension
        ("scene.v2", "scene.v2"),
    ],
)
def test_stems(key: str, stem: str) -> None:
    assert PLAIN.stem(key) == stem


def test_folders_count_only_where_names_repeat_in_a_set() -> None:
    assert not stem_rule([["cats/1.png", "dogs/2.png"], ["1.png"]]).folders
    rule = stem_rule([["cats/1.png", "dogs/1.png"], ["cats/1_fake.png"]])
    assert rule.folders
    assert rule.stem("cats/1.png") == rule.stem("Cats/1_fake.png") == "cats/1"
    assert rule.stem("dogs/1.png") == "dogs/1"


def test_crops_of_one_picture_are_no_repeated_names() -> None:
    assert not stem_rule([["a_crop1.png", "a_crop2.png"], ["b.png"]]).folders


def test_a_number_in_brackets_is_a_copy_unless_it_numbers_the_whole_set() -> None:
    few = [["monet.png", "monet (2).png"], ["photo.png"]]
    assert stem_rule(few).stem("monet (2).png") == "monet"
    renamed = [[f"monet ({i}).png" for i in range(1, 12)], ["photo (1).png"]]
    assert stem_rule(renamed).stem("monet (2).png") == "monet (2)"
    assert stem_rule(renamed).stem("photo (1)_fake.png") == "photo (1)"
