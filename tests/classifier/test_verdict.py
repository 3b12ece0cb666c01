"""The verdict of a classifier test: which row of the table, and what its sentence must say."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ganeval.classifier.settings import RUNGS
from ganeval.classifier.verdict import CONDITIONS, Decision, Facts, decide
from ganeval.classifier.wording import NAMES, p_text, strength
from ganeval.records import (
    DefenceInfo,
    Estimate,
    FormatAudit,
    FormatControl,
    Grouping,
    NullControl,
    PairCheck,
    Power,
    Primary,
    Rung,
    SplitInfo,
)

JPEG_AND_PNG = "reals are JPEG q90 4:2:0, fakes PNG"


def estimate(value: float | None, half: float = 0.05, reason: str | None = None) -> Estimate:
    if value is None:
        return Estimate(value=None, reason=reason)
    return Estimate(value=value, low=max(0.0, value - half), high=min(1.0, value + half))


def rung(name: Any, auc: float, p: float, pixels: Any = "raw", **more: Any) -> Rung:
    known: dict[str, Any] = {
        "display": name,
        "probe": name in ("metadata", "bytes", "compression"),
        "validation": auc,
        "test": estimate(auc),
        "p_below": 1 - p,
    }
    return Rung(name=name, pixels=pixels, p=p, **(known | more))


def facts(
    auc: float = 0.53,
    p: float = 0.24,
    *,
    raw: float | None = None,
    raw_p: float = 1e-9,
    alone: float | None = 1.0,
    remains: float | None = 0.5,
    defence: Any = None,
    visible: float | None = 0.61,
    design: Any = "unpaired",
    units: int = 90,
    method: Any = "holdout",
    largest: int = 4,
    source: str = "stem",
    rungs: list[Rung] | None = None,
    primary: Any = "features",
    compression: float | None = None,
    **more: Any,
) -> Facts:
    """A test whose best rung has this AUC; `raw` means that formats differ."""
    differs = raw is not None
    pixels: Any = "defended" if differs and defence != "none" else "raw"
    if rungs is None:
        rungs = [rung(primary, auc, p, pixels)]
        if differs and pixels == "defended":
            rungs.append(rung(primary, raw or 0.0, raw_p))
        if compression is not None:
            rungs.append(rung("compression", compression, 1e-12))
    return Facts(
        primary=Primary(
            rung=primary,
            pixels=pixels,
            design=design,
            statistic="U",
            value=1.0,
            p=p,
            method="rank-sum",
            m=units,
            n=units,
            significant=p < more.get("alpha", 0.05),
        ),
        rungs=rungs,
        power=Power(auc=visible, accuracy=0.6, null_se=0.04),
        audit=FormatAudit(
            properties=[], differs=differs, reasons=[JPEG_AND_PNG] if differs else []
        ),
        control=FormatControl(
            auc_raw=estimate(alone if differs else 0.5, reason="images are too small"),
            auc_defended=estimate(remains if differs else 0.5, reason="images are too small"),
            images=90,
        ),
        defence=DefenceInfo(
            name=defence or ("match" if differs else "none"), chosen="auto", text="..."
        ),
        grouping=Grouping(
            source=source,
            images={"real": 360, "fake": 360},
            groups={"real": 360, "fake": 360, "both": 0, "all": 720},
            largest=largest,
            hash="0",
            pairs=PairCheck(n_pairs=0, confirmed=False),
        ),
        split=SplitInfo(method=method, shares=[0.6, 0.15, 0.25], images={}, units={}, hash="0"),
        **more,
    )


def null(name: Any, *, alarm: bool, remedy: str = "") -> NullControl:
    return NullControl(
        name=name,
        display=name,
        rung="features",
        auc=estimate(0.98),
        low=0.45,
        high=0.55,
        alarm=alarm,
        remedy=remedy,
    )


def codes(decision: Decision) -> list[str]:
    return [notice.code for notice in decision.warnings]


# Known magnitudes of 64-px crops: raw AUC, format alone, defence, after it, and what the format
# leaves there; with 1,200 images an AUC of 0.54 is significant and one of 0.52 is not.
MAGNITUDES = [
    ("PNG against PNG", {"auc": 0.51, "p": 0.3}, "not_distinguishable"),
    ("a texture in equal formats", {"auc": 1.0, "p": 1e-50}, "distinguishable"),
    ("JPEG against PNG", {"auc": 0.51, "p": 0.3, "raw": 1.0, "remains": 0.51}, "format"),
    (
        "JPEG against PNG, equalised",
        {"auc": 0.58, "p": 1e-6, "raw": 1.0, "remains": 0.54, "defence": "equalise"},
        "format",
    ),
    (
        "4:2:0 against 4:4:4, equalised",
        {"auc": 0.55, "p": 1e-3, "raw": 0.98, "alone": 0.99, "remains": 0.56}
        | {"defence": "equalise"},
        "format",
    ),
    (
        "JPEG against PNG with a texture, matched",
        {"auc": 1.0, "p": 1e-50, "raw": 1.0, "remains": 0.51},
        "distinguishable",
    ),
    (
        "JPEG against PNG with a texture of period 4, equalised",
        {"auc": 0.64, "p": 1e-9, "raw": 1.0, "remains": 0.57, "defence": "equalise"},
        "distinguishable_partly_format",
    ),
    (
        "JPEG against PNG with a texture of period 7, equalised",
        {"auc": 0.99, "p": 1e-50, "raw": 1.0, "remains": 0.56, "defence": "equalise"},
        "distinguishable",
    ),
]


@pytest.mark.parametrize(
    ("chosen", "name"), [row[1:] for row in MAGNITUDES], ids=[row[0] for row in MAGNITUDES]
)
def test_known_cases_get_their_verdict(chosen: dict[str, Any], name: str) -> None:
    assert decide(facts(**chosen)).name == name


class TestLeakage:
    def test_a_null_control_out_of_its_band_forbids_any_other_verdict(self) -> None:
        alarm = null("neighbours-real", alarm=True, remedy="Name the crops with --groups.")
        decision = decide(facts(0.99, 1e-30, nulls=[null("shuffled", alarm=False), alarm]))
        assert decision.name == "leakage"
        assert decision.sentence == (
            "Leakage suspected: files of the reals that are neighbours by name resemble each other "
            "(AUC 0.98, 0.45 to 0.55 expected); no verdict. Name the crops with --groups."
        )
        assert decision.cause == ""

    def test_scores_below_chance_are_never_called_not_distinguishable(self) -> None:
        low = rung("features", 0.32, 0.999, p_below=0.001)
        decision = decide(facts(p=0.999, rungs=[low]))
        assert decision.name == "leakage"
        assert "are below chance (AUC 0.32 [0.27, 0.37], p = 0.001 for one this low)" in (
            decision.sentence
        )
        assert "--groups" in decision.sentence

    def test_a_little_below_chance_is_chance(self) -> None:
        low = rung("features", 0.46, 0.96, p_below=0.04)
        assert decide(facts(0.46, 0.96, rungs=[low])).name == "not_distinguishable"

    def test_other_rungs_below_chance_are_corrected_for_their_number(self) -> None:
        best = rung("features", 0.53, 0.24)
        low = [rung(name, 0.4, 0.99, p_below=0.004) for name in ("colour", "spectrum", "cnn")]
        assert decide(facts(rungs=[best, *low])).name == "not_distinguishable"
        low[0] = rung("colour", 0.3, 0.999, p_below=0.001)
        decision = decide(facts(rungs=[best, *low]))
        assert decision.name == "leakage"
        assert "scores of the colour histogram" in decision.sentence

    def test_below_chance_elsewhere_only_warns_where_the_test_found_something(self) -> None:
        low = rung("colour", 0.3, 0.999, p_below=1e-4)
        decision = decide(facts(0.9, 1e-12, rungs=[rung("features", 0.9, 1e-12), low]))
        assert decision.name == "distinguishable"
        assert codes(decision) == ["below_chance"]


class TestFormat:
    def test_the_sentence_has_all_three_aucs_and_what_would_have_been_seen(self) -> None:
        decision = decide(facts(0.51, 0.41, raw=1.0))
        assert decision.sentence == (
            f"Format, not content: {JPEG_AND_PNG}. Raw AUC 1.00 [0.95, 1.00]; the format alone "
            "gives 1.00 [0.95, 1.00] on identical content; after matching 0.51 [0.46, 0.56], "
            "p = 0.41, 90 + 90 groups held out (AUC >= 0.61 of content would have been seen)."
        )
        assert "stored" in decision.cause

    def test_equal_formats_are_never_the_answer(self) -> None:
        for auc, p in ((0.99, 1e-30), (0.6, 0.01), (0.51, 0.4)):
            named = decide(facts(auc, p, compression=1.0))
            assert named.name not in ("format", "distinguishable_partly_format")
            assert "ormat" not in named.sentence

    def test_the_equaliser_says_what_it_also_removes(self) -> None:
        sentence = decide(facts(0.51, 0.41, raw=1.0, defence="equalise")).sentence
        assert "(equalising also removes fine patterns: chequered ones of a period" in sentence
        assert "period 7" not in decide(facts(0.51, 0.41, raw=1.0)).sentence

    def test_significance_that_the_format_leaves_is_no_content(self) -> None:
        decision = decide(facts(0.55, 1e-3, raw=0.98, remains=0.56, defence="equalise"))
        assert decision.name == "format"
        assert "no more than the format leaves there (0.56)" in decision.sentence

    def test_undefended_jpeg_against_png_is_format_and_not_distinguishable(self) -> None:
        decision = decide(facts(1.0, 1e-50, raw=1.0, remains=1.0, defence="none"))
        assert decision.name == "format"
        assert "nothing was done against it (--defence none)" in decision.sentence

    def test_without_the_control_only_the_defence_can_acquit(self) -> None:
        found = decide(facts(0.7, 1e-6, raw=1.0, alone=None, remains=None))
        assert found.name == "distinguishable_partly_format"
        assert "no_format_control" in codes(found)
        gone = decide(facts(0.51, 0.4, raw=1.0, alone=None, remains=None))
        assert gone.name == "format"
        assert "could not be measured (images are too small)" in gone.sentence

    def test_an_undefended_difference_without_control_is_doubted_aloud(self) -> None:
        decision = decide(facts(1.0, 1e-50, raw=1.0, alone=None, remains=None, defence="none"))
        assert decision.name == "distinguishable"
        assert "this may be the format alone" in decision.sentence
        assert codes(decision) == ["no_defence", "no_format_control"]

    def test_the_probe_may_be_what_sees_the_format(self) -> None:
        decision = decide(facts(0.51, 0.4, raw=0.55, raw_p=0.2, compression=1.0))
        assert decision.name == "format"
        assert "Raw AUC 1.00 [0.95, 1.00] (traces of compression)" in decision.sentence

    def test_more_than_the_format_gives_is_not_format(self) -> None:
        decision = decide(facts(0.51, 0.4, raw=0.9, alone=0.8, defence="equalise"))
        assert decision.name == "not_distinguishable"
        assert "raw AUC 0.90 [0.85, 0.95], of which the format alone explains 0.80" in (
            decision.sentence
        )
        assert "no proof that nothing is there" in decision.sentence

    def test_declared_pipelines_count_as_different_formats(self) -> None:
        declared = FormatControl(
            auc_raw=estimate(0.95),
            auc_defended=estimate(0.5),
            real_pipeline="resized from 286",
            fake_pipeline="as they are",
            declared=True,
        )
        both = [rung("features", 0.51, 0.4, "defended"), rung("features", 0.95, 1e-9)]
        given = facts(0.51, 0.4, raw=0.95, rungs=both)
        alike = FormatAudit(properties=[], differs=False)
        stored = Facts(**{**given.__dict__, "audit": alike, "control": declared})
        decision = decide(stored)
        assert decision.name == "format"
        assert "reals: resized from 286; fakes: as they are" in decision.sentence

    def test_differences_of_metadata_alone_are_a_note(self) -> None:
        noted = FormatAudit(properties=[], differs=False, notes=["EXIF: reals yes, fakes no"])
        decision = decide(Facts(**{**facts().__dict__, "audit": noted}))
        assert decision.name == "not_distinguishable"
        assert codes(decision) == ["metadata_differs"]


class TestNothingFound:
    @pytest.mark.parametrize("visible", [0.76, 0.9, None])
    def test_too_small_a_test_says_so(self, visible: float | None) -> None:
        decision = decide(facts(0.58, 0.2, visible=visible, units=15))
        assert decision.name == "inconclusive"
        assert decision.sentence.startswith(
            "Too few to say: AUC 0.58 [0.53, 0.63], 15 + 15 groups held out, p = 0.2; "
        )
        assert ("no AUC" if visible is None else f"only AUC >= {visible}") in decision.sentence

    def test_a_test_of_some_size_says_what_it_would_have_seen(self) -> None:
        assert decide(facts()).sentence == (
            "Not distinguishable by this test: AUC 0.53 [0.48, 0.58], 90 + 90 groups held out, "
            "p = 0.24; AUC >= 0.61 would have been seen with 80 % power."
        )

    def test_the_border_between_the_two(self) -> None:
        assert decide(facts(visible=0.75)).name == "not_distinguishable"

    def test_there_is_no_cause_of_nothing(self) -> None:
        assert decide(facts()).cause == decide(facts(visible=None)).cause == ""


class TestDistinguishable:
    def test_the_sentence_names_test_rung_and_the_lowest_rung_that_does_as_well(self) -> None:
        rungs = [rung("cnn", 0.93, 2e-16), rung("colour", 0.88, 1e-9), rung("features", 0.92, 1e-9)]
        decision = decide(facts(0.93, 2e-16, rungs=rungs, primary="cnn", cnn_over_colour=0.001))
        assert decision.name == "distinguishable"
        assert decision.sentence == (
            "Fakes are almost always distinguishable: AUC 0.93 [0.88, 0.98], 90 + 90 groups held "
            "out, p = 2e-16 (rank-sum, cnn); the colour histogram alone reaches 0.88."
        )
        assert decision.cause == (
            "Lowest rung that does as well: the colour histogram (AUC 0.88 against 0.93 of the "
            "best); the sets differ in colour and brightness."
        )

    def test_the_cause_is_the_best_rung_where_nothing_simpler_comes_close(self) -> None:
        rungs = [rung("cnn", 0.93, 2e-16), rung("colour", 0.6, 0.1), rung("features", 0.8, 1e-9)]
        decision = decide(facts(0.93, 2e-16, rungs=rungs, primary="cnn", cnn_over_colour=1e-5))
        assert "alone" not in decision.sentence
        assert decision.cause.startswith(
            "Lowest rung that does as well: the CNN (features reach 0.80); only a network"
        )

    def test_a_network_that_is_no_better_than_colour_is_told_so(self) -> None:
        rungs = [rung("cnn", 0.93, 2e-16), rung("colour", 0.92, 1e-9)]
        said = "the CNN (0.93) does not beat the colour histogram (0.92) (p = 0.3)"
        told = decide(facts(0.93, 2e-16, rungs=rungs, primary="cnn", cnn_over_colour=0.3))
        assert said in told.sentence
        better = decide(facts(0.93, 2e-16, rungs=rungs, primary="cnn", cnn_over_colour=0.01))
        assert "does not beat" not in better.sentence
        worse = [rung("cnn", 0.8, 1e-9), rung("colour", 0.92, 2e-16)]
        lower = decide(facts(0.92, 2e-16, rungs=worse, primary="colour", cnn_over_colour=1e-4))
        assert "the CNN (0.80) does not beat the colour histogram (0.92)" in lower.sentence

    def test_nothing_found_by_a_network_no_better_than_colour_is_a_warning(self) -> None:
        rungs = [rung("cnn", 0.53, 0.24), rung("colour", 0.52, 0.3)]
        decision = decide(facts(rungs=rungs, primary="cnn", cnn_over_colour=0.8))
        assert codes(decision) == ["colour_does_as_well"]

    def test_partly_format_has_raw_and_matched(self) -> None:
        decision = decide(facts(0.81, 3e-12, raw=0.99))
        assert decision.name == "distinguishable_partly_format"
        assert decision.sentence == (
            "Fakes are clearly distinguishable, partly by format: raw 0.99, matched "
            "0.81 [0.76, 0.86], 90 + 90 groups held out, p = 3e-12 (rank-sum, features)."
        )

    def test_different_formats_are_named_as_the_condition(self) -> None:
        decision = decide(facts(0.97, 1e-20, raw=0.99))
        assert decision.sentence.startswith("Fakes are almost always distinguishable after match")

    def test_what_the_format_leaves_is_said_where_it_may_be_all(self) -> None:
        decision = decide(facts(0.55, 1e-3, raw=0.95, alone=0.6, remains=0.54, defence="equalise"))
        assert decision.name == "distinguishable"
        assert "the format alone leaves 0.54 there" in decision.sentence
        assert "equalised" in codes(decision)

    @pytest.mark.parametrize(
        ("design", "test"),
        [("paired", "signed-rank"), ("unpaired", "rank-sum"), ("mixed", "label swaps")],
    )
    def test_the_test_of_each_design(self, design: str, test: str) -> None:
        sentence = decide(facts(0.9, 1e-9, design=design)).sentence
        assert f"({test}, features)" in sentence
        assert ("90 pairs held out" in sentence) == (design == "paired")

    def test_cross_validation_is_not_called_held_out(self) -> None:
        decision = decide(facts(0.9, 0.005, method="cross-validation", visible=None))
        assert "90 + 90 groups cross-validated" in decision.sentence
        assert "(refits under permuted labels, features)" in decision.sentence
        assert "held out" not in decision.sentence
        assert codes(decision) == ["cross_validation"]


class TestWords:
    @pytest.mark.parametrize(
        ("auc", "word"),
        [
            (0.55, "barely"),
            (0.6, "weakly"),
            (0.749, "weakly"),
            (0.75, "clearly"),
            (0.9, "almost always"),
        ],
    )
    def test_strength(self, auc: float, word: str) -> None:
        assert strength(auc) == word
        assert f"Fakes are {word} distinguishable" in decide(facts(auc, 1e-9)).sentence

    def test_independent_images_are_called_images(self) -> None:
        alone = facts(largest=1, source="none")
        assert "90 + 90 images held out (each image taken as independent)" in (
            decide(alone).sentence
        )
        off = facts(largest=1, source="none", infer_groups=False)
        assert "(each image taken as independent: --no-infer-groups)" in decide(off).sentence

    @pytest.mark.parametrize(
        ("chosen", "start"),
        [
            ({}, "Translations are not distinguishable from their sources by this test: AUC"),
            ({"auc": 0.8, "p": 1e-9}, "Translations are clearly distinguishable from their"),
            ({"visible": 0.8}, "Too few to say whether translations can be told from"),
            ({"auc": 0.8, "p": 1e-9, "raw": 0.99}, "Translations are clearly distinguishable"),
        ],
    )
    def test_translations_against_their_sources_change_words_and_no_number(
        self, chosen: dict[str, Any], start: str
    ) -> None:
        arrival, change = (decide(facts(question=q, **chosen)) for q in ("arrival", "change"))
        assert change.sentence.startswith(start)
        assert "Fakes" not in change.sentence
        assert change.name == arrival.name
        assert numbers(change.sentence) == numbers(arrival.sentence)
        assert codes(change) == [*codes(arrival), "sources"]

    def test_p_is_never_zero(self) -> None:
        assert p_text(0.0, 0.05) == "p < 1e-300"
        assert "p = 0)" not in decide(facts(0.9, 0.0)).sentence

    def test_a_rounded_p_stays_on_its_side_of_the_level(self) -> None:
        assert p_text(0.0501, 0.05) == "p = 0.05"
        assert p_text(0.04999, 0.05) == "p = 0.04999"
        assert p_text(0.0321, 0.05) == "p = 0.032"

    def test_a_missing_interval_leaves_no_empty_brackets(self) -> None:
        bare = rung("features", 0.53, 0.24, test=Estimate(value=0.53))
        assert "AUC 0.53, 90" in decide(facts(rungs=[bare])).sentence

    @pytest.mark.parametrize("chosen", [row[1] for row in MAGNITUDES])
    def test_every_sentence_has_interval_units_and_p(self, chosen: dict[str, Any]) -> None:
        sentence = decide(facts(**chosen)).sentence
        assert re.search(r"\d\.\d\d \[\d\.\d\d, \d\.\d\d\]", sentence)
        assert "90 + 90 groups held out" in sentence
        assert re.search(r"p [=<] \d", sentence)
        assert sentence.endswith(".")
        assert ".." not in sentence


def numbers(text: str) -> list[str]:
    return re.findall(r"\d[\d.e-]*", text)


def test_every_rung_has_a_name_in_sentences() -> None:
    assert set(RUNGS) | {"bytes"} == set(NAMES)


def test_every_verdict_but_a_clean_one_can_be_a_condition() -> None:
    verdicts = frozenset().union(*CONDITIONS.values())
    assert verdicts == {
        "leakage",
        "format",
        "inconclusive",
        "distinguishable_partly_format",
        "distinguishable",
    }
