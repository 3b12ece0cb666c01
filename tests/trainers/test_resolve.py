"""From presets, files and typed changes to one configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ganeval.errors import InputError, MissingFileError
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.config_keys import dotted_keys
from ganeval_cyclegan.resolve import changed_keys, config_sha256, resolve


def refused(*changes: str, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        resolve(changes=changes, **options)
    return str(caught.value)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return path


def test_nothing_asked_for_is_the_reference() -> None:
    found = resolve()
    assert found.config == TrainConfig()
    assert (found.preset, found.changed, found.notes) == ("reference", {}, [])


def test_changes_reach_the_key_they_name() -> None:
    found = resolve(changes=["optim.lr_G=2e-5", "optim.betas=[0, 0.9]", "loss.gan=[lsgan, hinge]"])
    assert found.config.optim.lr_G == 2e-5
    assert found.config.optim.betas == (0, 0.9)
    assert found.config.loss.gan == ["lsgan", "hinge"]
    assert set(found.changed) == {"optim.lr_G", "optim.betas", "loss.gan"}


def test_the_last_of_several_changes_counts() -> None:
    assert resolve(changes=["seed=1", "seed=2"]).config.seed == 2


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ("data.cache=on", "cache", "on"),
        ("data.cache=off", "cache", "off"),
    ],
)
def test_on_and_off_are_words(change: str, key: str, value: str) -> None:
    assert getattr(resolve(changes=[change]).config.data, key) == value


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("optim.batchsize=3", ("optim.batchsize", "did you mean optim.batch?")),
        ("ngf=8", ("ngf", "did you mean nets.G.ngf?")),
        ("lambda_idt=0", ("lambda_idt", "loss.lambda_identity")),
        ("zzz=0", ("zzz", "sections are data, nets")),
        ("loss.gan.x=1", ("loss.gan.x", "loss.gan")),
        ("foo={}", ("foo", "sections are")),
        ("loss.gan=wgann", ("loss.gan 'wgann'", "one of lsgan, vanilla", "did you mean wgan")),
        ("optim.lr_G=0", ("optim.lr_G 0", "a number above 0")),
        ("optim.batch=2.5", ("optim.batch 2.5", "whole number of at least 1")),
        ("optim.batch=true", ("optim.batch true", "whole number")),
        ("data.flip=1.5", ("data.flip 1.5", "from 0 to 1")),
        ("nets.G.kernel=4", ("nets.G.kernel 4", "one of 3, 5, 7")),
        ("optim.betas=[0.5]", ("optim.betas [0.5]", "a pair")),
        ("data.load_size=big", ("data.load_size 'big'", "native")),
        ("data=5", ("data 5", "a section with pairing")),
        ("eval.metrics=fid", ("eval.metrics 'fid'", "a list")),
        ("optim.lr_G=.nan", ("optim.lr_G", "a number above 0")),
    ],
)
def test_a_mistaken_key_or_value_is_told_with_what_is_wanted(
    change: str, told: tuple[str, ...]
) -> None:
    message = refused(change)
    assert message.startswith(f"--set {change}: ")
    assert "\n" not in message
    for text in told:
        assert text in message


@pytest.mark.parametrize("change", ["loss.gan", "=3", "loss..gan=3"])
def test_what_is_no_change_is_told(change: str) -> None:
    assert "dotted.key=value" in refused(change)


def test_several_mistakes_are_told_together() -> None:
    message = refused(*[f"nope{i}=1" for i in range(7)])
    assert message.startswith("7 keys do not fit:")
    assert "nope4" in message
    assert "nope5" not in message
    assert "and 2 more" in message


def test_every_key_can_be_set_to_its_own_value() -> None:
    tree = TrainConfig().model_dump(mode="json")
    for key in dotted_keys():
        value: Any = tree
        for name in key.split("."):
            value = value[name] if value is not None else None
        if value is not None:
            assert resolve(changes=[f"{key}={yaml.safe_dump(value)}"]).config == TrainConfig()


# Files


def test_a_file_starts_from_the_preset_it_names(tmp_path: Path) -> None:
    file = written(tmp_path, "preset: tiny\nloss: {lambda_A: 5}\nassumptions: [five is guessed]\n")
    found = resolve(config_file=file)
    assert found.config.nets.G.ngf == 8
    assert found.config.loss.lambda_A == 5
    assert found.assumptions == ["five is guessed"]
    assert found.preset == str(file)


def test_what_a_resolved_configuration_is_written_as_reads_back_the_same(tmp_path: Path) -> None:
    first = resolve(preset="mnist-svhn", changes=["augment.classic=on"])
    file = written(tmp_path, yaml.safe_dump(first.config.model_dump(mode="json")))
    again = resolve(config_file=file)
    assert again.config == first.config
    assert again.sha256 == first.sha256


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("loss:\n  gan: foo\n", "line 2: loss.gan 'foo' is not"),
        ("optim: {lr: 1}\n", "line 1: there is no key optim.lr;"),
        ("loss: {}\nloss: {}\n", "line 2: loss stands on line 1 too"),
        ("loss:\n  gan: [a\n", "line 3: is not valid YAML"),
        ("1: 2\n", "line 1: '1' is no name"),
        ("- a\n", "holds a list"),
        ("preset: 5\n", "preset 5 is not the name"),
        ("preset: nope\n", "no preset 'nope'"),
        ("assumptions: yes\n", "assumptions is not a list"),
        ("x: !!python/name:os.system\n", "is not valid YAML"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    assert told in refused(config_file=written(tmp_path, text))


def test_an_empty_file_is_the_reference(tmp_path: Path) -> None:
    assert resolve(config_file=written(tmp_path, "# nothing yet\n")).config == TrainConfig()


def test_a_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="there is no such file"):
        resolve(config_file=tmp_path / "none.yaml")


def test_preset_and_file_together_are_refused(tmp_path: Path) -> None:
    assert "preset: tiny" in refused(preset="tiny", config_file=written(tmp_path, ""))


# Options


@pytest.mark.parametrize(
    ("preset", "size", "load"),
    [("reference", 256, 286), ("reference", 128, 143), ("tiny", 64, 72), ("dtu02514", 128, 128)],
)
def test_size_is_that_of_the_crops(preset: str, size: int, load: int) -> None:
    data = resolve(preset=preset, size=size).config.data
    assert (data.crop_size, data.load_size) == (size, load)


def test_size_is_refused_where_domains_have_their_own() -> None:
    assert "data.A.size=64" in refused(preset="mnist-svhn", size=64)


def test_a_typed_budget_takes_the_place_of_the_presets() -> None:
    budget = resolve(preset="mnist-svhn", images=900).config.budget
    assert (budget.updates, budget.images, budget.minutes) == (None, 900, None)
    both = resolve(changes=["budget.updates=5"], images=9).config.budget
    assert (both.updates, both.images) == (5, 9)


def test_minutes_are_a_limit_beside_the_presets() -> None:
    budget = resolve(preset="tiny", minutes=2).config.budget
    assert (budget.updates, budget.minutes) == (200, 2)


def test_a_budget_of_minutes_alone_cannot_plan_a_decay_over_updates() -> None:
    assert "schedule.policy" in refused("schedule.policy=updates", minutes=1)


def test_seed_and_bad_options_are_named_as_typed() -> None:
    assert resolve(seed=7).config.seed == 7
    assert refused(seed=-1).startswith("--seed -1: seed -1 is not")
    assert refused(updates=0).startswith("--updates 0: budget.updates 0 is not")
    assert refused(size=0).startswith("--size 0")


# Short forms and consequences


@pytest.mark.parametrize("change", ["pool=ring-half-20", "pool.strategy=ring-half-20"])
def test_a_pool_may_be_named_with_its_size(change: str) -> None:
    pool = resolve(changes=[change]).config.pool
    assert (pool.strategy, pool.size) == ("ring-half", 20)


def test_a_pool_of_size_0_is_none() -> None:
    found = resolve(changes=["pool.size=0"])
    assert found.config.pool.strategy == "none"
    assert found.notes == ["pool.size 0 means pool.strategy none."]


def test_classic_augmentation_is_switched_by_a_word() -> None:
    assert resolve(changes=["augment.classic=on"]).config.augment.classic is not None
    assert resolve(changes=["augment.classic=none"]).config.augment.classic is None


def test_identity_is_off_with_a_reason_where_shapes_differ() -> None:
    found = resolve(changes=["data.A.channels=1"])
    assert found.config.loss.lambda_identity == 0
    assert found.notes == [
        "loss.lambda_identity is 0, because images of A are 256x256x1 and those of B 256x256x3."
    ]


def test_identity_stays_where_an_adapter_makes_shapes_equal() -> None:
    for adapter in ("replicate", "luma"):
        found = resolve(changes=["data.A.channels=1", f"data.adapter={adapter}"])
        assert found.config.loss.lambda_identity == 0.5


def test_identity_that_was_asked_for_is_not_dropped(tmp_path: Path) -> None:
    told = "loss.lambda_identity 1: images of A are 256x256x1 and those of B 256x256x3"
    assert told in refused("data.A.channels=1", "loss.lambda_identity=1")
    file = written(tmp_path, "loss: {lambda_identity: 1}\ndata: {A: {channels: 1}}\n")
    assert told in refused(config_file=file)


def test_the_name_wgan_gp_brings_its_penalty() -> None:
    assert resolve(changes=["loss.gan=wgan-gp"]).config.loss.gp == "wgan-gp"
    assert "under another name" in refused("loss.gan=wgan-gp", "loss.gp=none")


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        (["loss.gan=wgan"], "without gradient penalty"),
        (["optim.leak=true", "optim.order=simultaneous"], "negative control"),
        (["nets.init.shared=true"], "negative control"),
        (["schedule.policy=jz2020"], "learning rate 0"),
        (["eval.on=test"], "test-peek"),
    ],
)
def test_what_a_reader_has_to_know_is_noted(changes: list[str], note: str) -> None:
    assert note in " ".join(resolve(changes=changes).notes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (["pool.strategy=shrivastava"], "optim.batch is 1"),
        (["pool.strategy=shrivastava", "optim.batch=3"], "optim.batch is 3"),
        (["pool=shrivastava-1", "optim.batch=4"], "pool.size 1"),
        (["loss.labels=soft-noisy", "loss.gan=hinge"], "hinge has no labels"),
        (["loss.labels=soft-noisy", "loss.gan=[lsgan, wgan]"], "wgan has no labels"),
        (["loss.labels=soft-noisy", "dual.domains=B"], "d2gan has no labels"),
        (["loss.gp=r1", "dual.domains=A"], "two-headed"),
        (["loss.gan=d2gan"], "dual.domains is none"),
        (["loss.gan=[]"], "empty list"),
        (["loss.saturating=true"], "belongs to the loss vanilla"),
        (["run.merged=true", "nets.D.norm=batch"], "batch norm"),
        (["run.merged=true", "nets.G.dropout=blocks"], "dropout"),
        (["optim.leak=true"], "simultaneous"),
        (["augment.diffaug=color,cutut"], "did you mean cutout?"),
        (["augment.diffaug=color, cutout"], "by commas only"),
        (["augment.grayscale_copies=true", "data.A.channels=1", "data.B.channels=1"], "copies"),
        (["data.crop_size=300"], "300x300 do not fit in images of 286x286"),
        (["data.A.size=300", "data.B.size=300"], "300x300 do not fit"),
        (["data.A.size=128"], "data.adapter none: images of A are 128x128x3"),
        (["data.A.size=128", "data.adapter=luma"], "data.adapter luma"),
        (["data.preprocess=none", "data.adapter=pad"], "needs images of one size"),
        (["data.preprocess=scale_width", "data.load_size=native"], "needs a width"),
        (["data.A.subset.method=list"], "data.A.subset.method list needs a file"),
        (["data.B.subset.method=genetic"], "needs a number"),
        (["data.B.subset.method=all", "data.B.subset.n=3"], "contradicts"),
        (["eval.save_best=kid", "eval.metrics=[fid]"], "eval.metrics has fid"),
        (["eval.save_best=fid_ma", "eval.every=0"], "eval.every is 0"),
        (["eval.save_best=fid", "eval.best_network=ema"], "ema.decay is 0"),
        (["schedule.policy=updates", "budget.updates=9", "schedule.start=10"], "last update, 9"),
        (["schedule.constant=0", "schedule.decay=0"], "no budget"),
    ],
)
def test_choices_that_contradict_each_other_are_refused(changes: list[str], told: str) -> None:
    assert told in refused(*changes)


@pytest.mark.parametrize(
    ("change", "needs"),
    [
        ("pool.fill=noise", "pool.strategy ring-half"),
        ("augment.diffaug_p=0.5", "augment.diffaug"),
        ("dual.alpha=0.5", "dual.domains"),
        ("loss.alternate=update", "several losses"),
        ("schedule.gamma=0.5", "schedule.policy step"),
    ],
)
def test_a_typed_key_that_would_do_nothing_is_refused(change: str, needs: str) -> None:
    assert f"would do nothing: it needs {needs}" in refused(change)


def test_a_loss_that_two_headed_discriminators_never_use_is_refused() -> None:
    for gan in ("hinge", "[lsgan, d2gan]"):
        told = refused("dual.domains=both", f"loss.gan={gan}")
        assert "would do nothing: it needs dual.domains none, A or B" in told
    for changes in (["dual.domains=both", "loss.gan=d2gan"], ["dual.domains=B", "loss.gan=hinge"]):
        resolve(changes=changes)


def test_the_digest_of_a_configuration_tells_any_change() -> None:
    assert config_sha256(TrainConfig()) == config_sha256(resolve().config)
    assert config_sha256(resolve(seed=1).config) != config_sha256(TrainConfig())
    assert len(config_sha256(TrainConfig())) == 64


def test_changed_keys_name_the_keys_of_a_section_that_is_new() -> None:
    changed = changed_keys(resolve(changes=["augment.classic.rotate=0.3"]).config)
    assert changed["augment.classic.rotate"] == 0.3
