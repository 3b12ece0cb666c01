"""Names of metrics as they are typed, and the features they need."""

from __future__ import annotations

import pytest

from ganeval.errors import InputError
from ganeval.metrics.catalogue import CATALOGUE, FAMILIES
from ganeval.metrics.needs import Need, layers_of, main_need
from ganeval.metrics.requests import parse_metrics

MAIN = Need("inception-2015", "2048", "pytorch-fid")


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("fid", MAIN),
        ("fid:768", MAIN._replace(layer="768")),
        ("sfid", MAIN._replace(layer="sfid")),
        ("is", MAIN._replace(layer="logits")),
        ("fd:efficientnet-lite0", Need("efficientnet-lite0", "1280", "clean")),
        ("prdc", MAIN),
        ("recall:adm", MAIN),
        ("prdc:kynkaanniemi", Need("vgg16-fc2", "4096", "tf1")),
        ("cmmd", Need("clip-vitl14-336", "768", "cmmd")),
        ("KID ", MAIN),
    ],
)
def test_a_name_tells_what_it_is_computed_from(text: str, need: Need) -> None:
    (request,) = parse_metrics(text, MAIN)
    assert request.need == need
    assert request.if_missing == "fail"


def test_all_asks_for_everything_once_and_names_what_is_asked_for_by_name() -> None:
    requests = {r.name: r for r in parse_metrics("all,mind,fid:64", MAIN)}
    asked = {name for r in requests for name in FAMILIES.get(r, (r,))}
    assert asked == set(CATALOGUE) - {"fd"}
    assert requests["cmmd"].if_missing == "tell"
    assert requests["mind"].if_missing == "fail"


def test_all_leaves_out_what_another_extractor_cannot_give() -> None:
    main = main_need("random-projection", None, None)
    names = [request.name for request in parse_metrics("all", main)]
    assert "is" not in names
    assert "sfid" not in names
    assert "fid" in names


@pytest.mark.parametrize("text", ["", "fid:", "mind:2", "fidd", "kid:torchmetric", "fid:2049"])
def test_what_nobody_knows_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_metrics(text, MAIN)


def test_layers_are_gathered_per_pass_of_a_network() -> None:
    needs = [r.need for r in parse_metrics("fid,fid:768,sfid,fd:efficientnet-lite0,kid", MAIN)]
    assert layers_of(needs) == {
        ("inception-2015", "pytorch-fid"): ["2048", "768", "sfid"],
        ("efficientnet-lite0", "clean"): ["1280"],
    }


def test_a_member_of_a_family_that_is_asked_for_is_measured_once() -> None:
    assert [r.name for r in parse_metrics("prdc,precision,memorisation,mifid", MAIN)] == [
        "prdc",
        "mifid",
    ]
    assert [r.name for r in parse_metrics("prdc,precision:adm", MAIN)] == ["prdc", "precision"]
    by_name = {r.name: r for r in parse_metrics("all,recall", MAIN)}
    assert by_name["prdc"].if_missing == "fail"  # a part of it was named
