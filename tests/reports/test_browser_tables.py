"""Tables and commands in a real browser: sorted, filtered, copied by mouse and keyboard."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest
from reports.browsing import Open, unfold

from ganeval.records import MetricsRecord
from ganeval_reports import metrics_page
from ganeval_reports.latex_table import escaped
from ganeval_reports.parts import Table

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

CLIPBOARD = ["clipboard-read", "clipboard-write"]

# A name, a file, a count, a value with its error, a p-value.
HEAD = ("Image", "File", "Images", "Value ± SE", "p")
ROWS = (
    ("=SUM(A1)", "fake-10.png", "1,234", "12.3 ± 0.4", "0.04"),
    ('b, "quoted"', "fake-9.png", "987", "−5.0 ± 1.1", "< 0.001"),
    ("[c] 50 % & #1", "fake-100.png", "12,000", "–", "0.001"),
    ("D_d ~ {x}", "", "3", "7 ± 2", "–"),
    ("e", "fake-2.png", "1,234", "−10.5 ± 0.2", "0.5"),
    ("f", "fake-11.png", "42", "12.4 ± 9.9", "0.5"),
)


@pytest.fixture
def table(
    open_page: Open,
    written: Callable[[MetricsRecord], str],
    record: MetricsRecord,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Locator]:
    """Opens a page whose table of inputs has these rows, and returns the table."""

    def made(rows: Sequence[tuple[str, ...]] = ROWS) -> Locator:
        monkeypatch.setattr(metrics_page, "inputs", lambda _: Table("Odd numbers", HEAD, rows))
        monkeypatch.setattr(metrics_page, "skipped", lambda _: None)
        short = record.model_copy(update={"galleries": []})
        return open_page(written(short), permissions=CLIPBOARD).locator("#inputs table")

    return made


def column(table: Locator, at: int) -> list[str]:
    return table.evaluate(
        "(table, at) => [...table.tBodies[0].rows].filter((row) => !row.hidden)"
        ".map((row) => row.cells[at].textContent)",
        at,
    )


def originally(at: int) -> list[str]:
    return [row[at] for row in ROWS]


def copied(page: Page, form: str) -> str:
    section = page.locator("#inputs")
    section.get_by_role("button", name=f"Copy {form}").click()
    section.get_by_text(f"{form} copied").wait_for()
    return str(page.evaluate("navigator.clipboard.readText()"))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (0, ["[c] 50 % & #1", "=SUM(A1)", 'b, "quoted"', "D_d ~ {x}", "e", "f"]),
        (1, [f"fake-{number}.png" for number in (2, 9, 10, 11, 100)] + [""]),
        (2, ["3", "42", "987", "1,234", "1,234", "12,000"]),
        (3, ["−10.5 ± 0.2", "−5.0 ± 1.1", "7 ± 2", "12.3 ± 0.4", "12.4 ± 9.9", "–"]),
        (4, ["< 0.001", "0.001", "0.04", "0.5", "0.5", "–"]),
    ],
)
def test_a_header_sorts_by_what_its_column_holds(
    table: Callable[..., Locator], at: int, expected: list[str]
) -> None:
    made = table()
    head = made.locator("thead th").nth(at)
    button = head.get_by_role("button", name=HEAD[at])
    button.click()
    assert column(made, at) == expected
    assert head.get_attribute("aria-sort") == "ascending"
    button.click()
    present = [text for text in expected if text not in ("", "–")]
    missing = [text for text in expected if text in ("", "–")]
    assert column(made, at) == present[::-1] + missing  # what is missing stays last
    assert head.get_attribute("aria-sort") == "descending"
    button.click()
    assert column(made, at) == originally(at)
    assert head.get_attribute("aria-sort") is None


def test_equal_values_keep_their_order(table: Callable[..., Locator]) -> None:
    made = table()
    button = made.get_by_role("button", name="Images")
    button.click()
    assert column(made, 0)[3:5] == ["=SUM(A1)", "e"]
    button.click()
    assert column(made, 0)[1:3] == ["=SUM(A1)", "e"]


def test_the_keyboard_sorts_and_one_column_at_a_time(table: Callable[..., Locator]) -> None:
    made = table()
    made.get_by_role("button", name="Images").focus()
    made.page.keyboard.press("Enter")
    assert column(made, 2)[0] == "3"
    made.page.keyboard.press("Tab")
    made.page.keyboard.press("Space")
    assert column(made, 3)[0] == "−10.5 ± 0.2"
    assert made.locator("[aria-sort]").count() == 1


def test_the_filter_shows_rows_with_every_word_and_counts_them(
    table: Callable[..., Locator],
) -> None:
    made = table()
    page = made.page
    box = page.locator("#inputs").get_by_role("searchbox", name="Filter rows")
    count = page.locator("#inputs").get_by_role("status").first
    box.fill("FAKE 1,234")
    assert column(made, 0) == ["=SUM(A1)", "e"]
    assert count.inner_text() == "2 of 6 rows"
    made.get_by_role("button", name="Value ± SE").click()
    assert column(made, 0) == ["e", "=SUM(A1)"]
    box.fill("nowhere")
    assert column(made, 0) == []
    assert count.inner_text() == "0 of 6 rows"
    box.fill("")
    assert len(column(made, 0)) == 6
    assert count.inner_text() == ""


def test_csv_comes_as_it_is_sorted_and_filtered(table: Callable[..., Locator]) -> None:
    made = table()
    made.get_by_role("button", name="Value ± SE").click()
    made.page.locator("#inputs").get_by_role("searchbox").fill("fake-1")
    rows = list(csv.reader(io.StringIO(copied(made.page, "CSV")), strict=True))
    assert rows == [
        ["Image", "File", "Images", "Value ± SE", "Value ± SE ±", "p"],
        ["'=SUM(A1)", "fake-10.png", "1234", "12.3", "0.4", "0.04"],
        ["f", "fake-11.png", "42", "12.4", "9.9", "0.5"],
        ["[c] 50 % & #1", "fake-100.png", "12000", "", "", "0.001"],
    ]


def test_csv_holds_every_cell_whole_and_numbers_as_numbers(table: Callable[..., Locator]) -> None:
    rows = list(csv.reader(io.StringIO(copied(table().page, "CSV")), strict=True))
    assert len(rows) == 7
    assert rows[2] == ['b, "quoted"', "fake-9.png", "987", "-5.0", "1.1", "< 0.001"]
    assert rows[4] == ["D_d ~ {x}", "", "3", "7", "2", ""]


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_is_a_formula(table: Callable[..., Locator], start: str) -> None:
    rows = list(csv.reader(io.StringIO(copied(table([(f"{start}A1", *ROWS[0][1:])]).page, "CSV"))))
    assert rows[1][0] == f"'{start}A1"


def test_latex_is_escaped_like_the_table_of_scores(table: Callable[..., Locator]) -> None:
    lines = copied(table().page, "LaTeX").splitlines()
    assert lines[1:3] == [r"\begin{tabular}{llrrr}", r"\toprule"]
    assert lines[3] == r"Image & File & Images & Value $\pm$ SE & p \\"
    assert lines[-2:] == [r"\bottomrule", r"\end{tabular}"]
    body = lines[5:-2]
    assert len(body) == 6
    assert body[1] == (r'b, "quoted" & fake-9.png & 987 & $-$5.0 $\pm$ 1.1 & \textless{} 0.001 \\')
    # A bracket after the end of a row would belong to it.
    assert body[2].startswith(rf"{{}}{escaped('[c] 50 % & #1')} & ")
    assert body[3] == rf"{escaped('D_d ~ {x}')} &  & 3 & 7 $\pm$ 2 & -- \\"


def test_a_refused_clipboard_leaves_the_table_selected(table: Callable[..., Locator]) -> None:
    page = table().page
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    page.locator("#inputs").get_by_role("button", name="Copy CSV").click()
    area = page.get_by_role("textbox", name="CSV: ")
    area.wait_for()
    selected = "area => area.value.slice(area.selectionStart, area.selectionEnd)"
    assert area.evaluate(selected).startswith("Image,File,Images")
    assert area.evaluate("area => area === document.activeElement")
    page.keyboard.press("Tab")
    assert area.count() == 0


def test_short_tables_properties_and_scores_are_not_sorted(
    open_page: Open, evaluation_address: str
) -> None:
    page = open_page(evaluation_address)
    tables = page.locator(".scroll > table:not(.scores)")
    for made in tables.all():
        heads = made.locator("thead :is(td, th)").count()
        named = made.locator("thead th").count() == heads  # else its rows are properties
        rows = made.locator("tbody tr").count()
        assert made.locator(".sort").count() == (heads if named and rows > 5 else 0)
    assert page.locator(".copies").count() == tables.count()
    assert page.locator(".scores .sort").count() == 0


def test_every_control_of_a_table_has_a_name_of_its_own(
    open_page: Open, evaluation_address: str
) -> None:
    page = open_page(evaluation_address)
    unfold(page)
    names = page.locator(".copies button, .filter input").evaluate_all(
        "all => all.map((one) => one.getAttribute('aria-label'))"
    )
    assert len(names) > 10
    assert len(names) == len(set(names))


def test_the_tables_for_papers_can_be_copied(open_page: Open, evaluation_address: str) -> None:
    page = open_page(evaluation_address, permissions=CLIPBOARD)
    for summary, start in (("As LaTeX", "% ganeval"), ("As CSV", "kind,metric,name")):
        part = page.locator(f"details:has(summary:has-text('{summary}'))")
        part.locator("summary").click()
        part.locator(".copy").click()
        part.get_by_role("button", name="Copied").wait_for()
        text = page.evaluate("navigator.clipboard.readText()")
        assert text.startswith(start)
        assert text.count("\n") > 20


def test_the_command_is_copied_as_it_can_be_pasted(open_page: Open, record: MetricsRecord) -> None:
    page = open_page(permissions=CLIPBOARD)
    page.locator("#command .copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert shlex.split(page.evaluate("navigator.clipboard.readText()")) == record.argv


def test_a_refused_clipboard_leaves_the_command_selected(open_page: Open) -> None:
    page = open_page()
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    page.locator("#command .copy").click()
    page.get_by_role("button", name="Selected").wait_for()
    assert page.evaluate("getSelection().toString()").startswith("ganeval fid data/paintings")
