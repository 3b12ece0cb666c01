"""Records as one HTML document: a page of its own for one, an index with sections for several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ganeval.errors import InputError
from ganeval.records import (
    AblationRecord,
    ApplyRecord,
    AuditRecord,
    ClassifyRecord,
    ClassModelRecord,
    MetricsRecord,
    Record,
    SaliencyRecord,
    TrainingRecord,
)
from ganeval_reports.ablation_page import ablation_content
from ganeval_reports.audit_page import audit_content
from ganeval_reports.beside import Beside
from ganeval_reports.class_model_page import class_model_content
from ganeval_reports.classify_page import classify_content
from ganeval_reports.content import Content
from ganeval_reports.document import document, section
from ganeval_reports.images import BUDGET, NO_END, ImageId, ImageLoader, PageImages
from ganeval_reports.metrics_page import metrics_content
from ganeval_reports.nested import nested
from ganeval_reports.numbers import moment, unbroken
from ganeval_reports.saliency_page import saliency_content
from ganeval_reports.scores_page import scores_content
from ganeval_reports.training_page import training_content

# Any: each function takes the type of record that it stands beside.
_CONTENTS: dict[type[Record], Callable[[Any, ImageLoader | None, int], Content]] = {
    MetricsRecord: metrics_content,
    AuditRecord: audit_content,
    TrainingRecord: training_content,
    ClassifyRecord: classify_content,
    ApplyRecord: scores_content,
    AblationRecord: ablation_content,
    SaliencyRecord: saliency_content,
    ClassModelRecord: class_model_content,
}


@dataclass(frozen=True)
class Source:
    """A record and its images.

    Args:
        record: What was measured, by whichever command.
        load_image: Takes an input's label and an image's key and returns the decoded RGB image,
            None if it is gone. Without it the page shows no images and says so.
        remarks: What a reader should know of the images, in sentences.
        name: What the record is called beside others, for example its file.
    """

    record: Record
    load_image: ImageLoader | None = None
    remarks: Sequence[str] = ()
    name: str = ""


@dataclass(frozen=True)
class Page:
    """A drawn page.

    Args:
        html: The document.
        titles: What each record is called on it.
        embedded: Images inside the page.
        characters: What they take of it.
        beside: Images that lie in the folder beside it.
        folder: Where these lie; None if there are none.
        left_out: Images that the budget left no room for.
        gone: Per record, the images that could not be had.
        note: Why there is no folder beside it, where the budget asks for one.
    """

    html: str
    titles: Sequence[str]
    embedded: int
    characters: int
    beside: int
    folder: Path | None
    left_out: int
    gone: Sequence[frozenset[ImageId]]
    note: str = ""


@dataclass(frozen=True)
class Part:
    """A record of several: its line of the index, and its section."""

    anchor: str
    name: str
    started: str
    warnings: str
    verdict: str
    record: Record
    content: Content
    section: Markup


def render(record: Record, load_image: ImageLoader | None = None) -> str:
    """Returns the page as one HTML document that needs nothing beside it.

    Args:
        record: What was measured, by whichever command.
        load_image: Takes an input's label and an image's key and returns the decoded RGB image,
            None if it is gone. Without it the page shows no images and says so.

    Raises:
        InputError: There is no page for this type of record.
    """
    return draw([Source(record, load_image)]).html


def render_several(sources: Sequence[Source], *, title: str = "") -> str:
    """Returns several records as one HTML document: an index, and a section for each.

    Args:
        sources: The records in the order of the index, one or more.
        title: Heading of the index.

    Raises:
        InputError: There is no page for one of these types of records.
    """
    return draw(sources, title=title).html


def draw(
    sources: Sequence[Source],
    *,
    title: str = "",
    budget: int = BUDGET,
    beside: Beside | None = None,
) -> Page:
    """Draws one record as a page of its own, several as an index with sections.

    Args:
        sources: The records, one or more.
        title: Heading of the index; of one record, what stands in the window's title.
        budget: Characters of the page that images may take, shared by `fair_shares`.
        beside: Takes the images above the budget; None: they are left out, and the page says so.

    Raises:
        InputError: There is no page for one of these types of records.
    """
    shown = [PageImages(one.load_image or _nothing, beside) for one in sources]
    if len(sources) == 1:
        contents = [_content(sources[0], shown[0], budget)]
    else:
        contents, shown = _within(sources, shown, budget)
    foot = _foot(shown, beside)
    if len(sources) == 1:
        html = _alone(sources[0], contents[0], title, foot, beside)
    else:
        html = _index(sources, contents, title, foot, beside)
    return Page(
        html,
        [content.title for content in contents],
        embedded=sum(len(images.embedded) for images in shown),
        characters=sum(images.characters for images in shown),
        beside=sum(len(images.beside) for images in shown),
        folder=beside.folder if beside and beside.files else None,
        left_out=sum(len(images.left_out) for images in shown),
        gone=[frozenset(images.gone) for images in shown],
    )


def _nothing(_label: str, _key: str) -> None:
    return None


def _within(
    sources: Sequence[Source], shown: Sequence[PageImages], budget: int
) -> tuple[list[Content], list[PageImages]]:
    """Makes the contents of several records; those that take more than their share, once more."""
    contents = [_content(*both, NO_END) for both in zip(sources, shown, strict=True)]
    wanted = [images.characters for images in shown]
    kept = list(shown)
    for i, share in enumerate(fair_shares(wanted, budget)):
        if share < wanted[i]:
            kept[i] = shown[i].afresh()
            contents[i] = _content(sources[i], kept[i], share)
    return contents, kept


def fair_shares(wanted: Sequence[int], budget: int) -> list[int]:
    """Divides a budget: equal shares, of which nobody gets more than is wanted.

    What is left of a share that is not wanted whole goes to the others.
    """
    shares = [0] * len(wanted)
    left = budget
    for waiting, i in zip(
        range(len(wanted), 0, -1), sorted(range(len(wanted)), key=wanted.__getitem__), strict=True
    ):
        shares[i] = min(wanted[i], left // waiting)
        left -= shares[i]
    return shares


def _content(source: Source, images: PageImages, budget: int) -> Content:
    record = source.record
    if type(record) not in _CONTENTS:
        raise InputError(f"there is no page for records of schema {record.schema_}")
    return _CONTENTS[type(record)](record, images if source.load_image else None, budget)


def _alone(
    source: Source, content: Content, title: str, foot: Sequence[str], beside: Beside | None
) -> str:
    return document(
        content.template,
        beside=_used(beside),
        window=title or f"{content.title} · ganeval {source.record.command}",
        foot=foot,
        remarks=source.remarks,
        **content.values,
    )


def _index(
    sources: Sequence[Source],
    contents: Sequence[Content],
    title: str,
    foot: Sequence[str],
    beside: Beside | None,
) -> str:
    parts = []
    for number, (source, content) in enumerate(zip(sources, contents, strict=True), start=1):
        markup = section(content.template, remarks=source.remarks, **content.values)
        anchor = f"r{number}"
        parts.append(
            Part(
                anchor,
                source.name,
                moment(source.record.started),
                _warnings(len(source.record.warnings)),
                unbroken(source.record.verdict),
                source.record,
                content,
                nested(markup, prefix=anchor, name=f"record {number}"),
            )
        )
    heading = title or f"{len(parts)} records"
    return document(
        "index.html.j2",
        beside=_used(beside),
        window=heading,
        foot=foot,
        title=heading,
        records=parts,
    )


def _warnings(count: int) -> str:
    return f"{count:,} warning{'' if count == 1 else 's'}" if count else ""


def _used(beside: Beside | None) -> bool:
    return beside is not None and bool(beside.files)


def _foot(shown: Sequence[PageImages], beside: Beside | None) -> list[str]:
    """What images the page has, and where."""
    embedded, near, left_out = (
        sum(map(len, (getattr(images, name) for images in shown)))
        for name in ("embedded", "beside", "left_out")
    )
    inside = _size(sum(images.characters for images in shown))
    sentences = []
    if embedded:
        sentences.append(f"{_counted(embedded)} embedded in this page ({inside}).")
    if near and beside is not None:
        size = _size(sum(map(len, beside.files.values())))
        sentences.append(
            f"{_counted(near)} beside it, in the folder {beside.name} ({size}): "
            "keep it with the page."
        )
    if left_out:
        sentences.append(f"{_counted(left_out)} left out, to keep the page small.")
    elsewhere = " else" if near else ""
    return [*sentences, f"This page loads nothing from anywhere{elsewhere}."]


def _counted(count: int) -> str:
    return "1 image is" if count == 1 else f"{count:,} images are"


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"
