"""The built-in studies: each loads, and each of its arms is one the trainer accepts."""

from __future__ import annotations

import pytest

from ganeval.ablation.arms import arms_of, comparisons_of
from ganeval.ablation.builtin import list_studies, study_names, study_text
from ganeval.ablation.study import load_study
from ganeval.errors import InputError

OF_REPORTS = {"dtu02514", "mnist-svhn", "biu2021", "ee5934", "cmpe258"}
OF_THE_TABLE = {
    "buffer",
    "augmentation",
    "generator",
    "batch-size",
    "batch-size-images",
    "identity",
    "gan-loss",
    "balance",
    "regularise",
    "schedule",
    "few-shot",
    "determinism",
}


def test_every_study_of_the_list_is_there_with_a_title() -> None:
    assert set(study_names()) == OF_REPORTS | OF_THE_TABLE
    for name, title in list_studies():
        assert 10 < len(title) <= 100, name
        assert study_text(name).startswith("schema: 1\n")


def test_a_name_nobody_knows() -> None:
    with pytest.raises(InputError, match="no study 'generators'; did you mean generator"):
        study_text("generators")


@pytest.mark.parametrize("name", sorted(OF_REPORTS | OF_THE_TABLE))
def test_every_arm_resolves_for_the_real_base(name: str) -> None:
    study = load_study(name)
    assert study.name == name
    arms = arms_of(study)
    assert len(arms) >= 4
    for one in comparisons_of(study, arms):
        assert one.variant in study.variants
    if name in OF_REPORTS:
        assert study.base.preset == name


@pytest.mark.parametrize("name", sorted(OF_REPORTS | OF_THE_TABLE))
def test_every_arm_resolves_on_images_made_by_code(name: str) -> None:
    study = load_study(name, demo="stripes")
    assert study.data is not None
    assert study.data.demo == "stripes"
    assert study.seeds == (0, 1, 2)
    for arm in arms_of(study):
        assert arm.resolved["nets.G.ngf"] <= 16
        assert (arm.resolved["budget.updates"] or arm.resolved["budget.images"]) <= 360
        assert len(arm.seeds) == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(OF_REPORTS | OF_THE_TABLE))
def test_every_arm_resolves_in_a_quick_study(name: str) -> None:
    study = load_study(name, quick=True)
    assert study.data is not None
    assert study.data.demo == "stripes"
    assert all(arm.resolved["nets.G.ngf"] <= 8 for arm in arms_of(study))


def test_the_demo_of_a_reference_study_is_the_preset_demo() -> None:
    from ganeval.ablation.resolving import flat
    from ganeval_cyclegan.resolve import resolve

    base = arms_of(load_study("buffer", demo="shapes"))[0]
    preset = flat(resolve(preset="demo").config.model_dump(mode="json"))
    other = {key for key in preset if base.resolved.get(key) != preset[key]}
    assert other == {"seed", "budget.updates"}


def test_arms_of_a_report_hold_what_it_states() -> None:
    arms = {arm.name: arm for arm in arms_of(load_study("dtu02514"))}
    reported = arms["ring-half-noise"].resolved
    assert (reported["pool.fill"], reported["pool.fake_term"], reported["pool.store"]) == (
        "noise",
        "sum",
        "first",
    )
    assert (reported["optim.batch"], reported["optim.lr_D"]) == (6, 2e-4)
    assert arms["as-written"].resolved["optim.leak"] is True
