"""Which files of a folder or a list are images, and in which order."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganeval.errors import InputError
from ganeval.images import open_image_set

from .conftest import MakeFolder


class TestFolder:
    def test_keys_are_relative_paths_sorted_by_code_point(self, folder: MakeFolder) -> None:
        place = folder("b.png", "B.png", "a/z.png", "a.png", "é.png", "a-1.png", "10.png", "9.png")
        keys = open_image_set(place).keys
        assert keys == ["10.png", "9.png", "B.png", "a-1.png", "a.png", "a/z.png", "b.png", "é.png"]

    @settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        names=st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="/\0\\"), max_size=8),
            min_size=1,
            max_size=6,
        )
    )
    def test_any_name_is_read_under_that_name(
        self, tmp_path_factory: pytest.TempPathFactory, names: list[str]
    ) -> None:
        place = tmp_path_factory.mktemp("set")
        wanted = {f"x{name}.png" for name in names}
        for name in wanted:
            (place / name).write_bytes(b"not read here")
        assert list(open_image_set(place).unreadable) == sorted(os.listdir(place))

    def test_extensions_count_in_any_case(self, folder: MakeFolder) -> None:
        place = folder("a.PNG", "b.Jpg", "c.JPEG", "d.TifF", "e.webP", "f.GIF", "g.ppm", "h.jpe")
        assert len(open_image_set(place)) == 8

    def test_hidden_and_system_files_are_passed_over(self, folder: MakeFolder) -> None:
        place = folder("a.png", ".b.png", ".hidden/c.png", "__MACOSX/d.png")
        (place / "Thumbs.db").touch()
        images = open_image_set(place)
        assert images.keys == ["a.png"]
        assert images.ignored == {}

    def test_other_files_are_counted(self, folder: MakeFolder) -> None:
        place = folder("a.png", "deep/er/b.png")
        for name in ("x.HEIC", "deep/y.heic", "deep/README", "z.tar.gz"):
            (place / name).touch()
        images = open_image_set(place)
        assert images.ignored == {".heic": 2, "(no extension)": 1, ".gz": 1}
        assert images.info("real", "r").ignored == images.ignored

    def test_recursion_can_be_turned_off(self, folder: MakeFolder) -> None:
        place = folder("a.png", "deep/b.png", "c.png/d.png")
        assert open_image_set(place).keys == ["a.png", "c.png/d.png", "deep/b.png"]
        assert open_image_set(place, recursive=False).keys == ["a.png"]

    def test_no_images_says_what_was_found(self, folder: MakeFolder) -> None:
        place = folder()
        with pytest.raises(InputError, match=rf"no images under {place}: it is empty"):
            open_image_set(place)
        for name in ("a.heic", "b.heic", "c.txt", "LICENSE"):
            (place / name).touch()
        with pytest.raises(InputError) as caught:
            open_image_set(place)
        assert "found 2 `.heic`, 1 without extension, 1 `.txt`" in caught.value.message
        assert "png" in str(caught.value.hint)

    def test_a_loop_of_links_ends_and_doubles_nothing(self, folder: MakeFolder) -> None:
        place = folder("a.png", "deep/b.png")
        (place / "deep" / "up").symlink_to(place, target_is_directory=True)
        (place / "again").symlink_to(place / "deep", target_is_directory=True)
        assert open_image_set(place).keys == ["a.png", "deep/b.png"]

    def test_linked_folders_are_followed(self, folder: MakeFolder) -> None:
        elsewhere = folder("x/b.png", root="elsewhere")
        place = folder("z.png")
        (place / "link").symlink_to(elsewhere, target_is_directory=True)
        assert open_image_set(place).keys == ["link/x/b.png", "z.png"]

    def test_a_file_of_several_names_counts_once(self, folder: MakeFolder) -> None:
        place = folder("m.png", "z.png")
        (place / "a.png").symlink_to(place / "m.png")  # a link never wins over the file
        os.link(place / "z.png", place / "b.png")  # both are the file: the first in order
        assert open_image_set(place).keys == ["b.png", "m.png"]

    @pytest.mark.skipif(sys.platform != "linux", reason="needs names that are no text")
    def test_names_that_are_no_utf8(self, folder: MakeFolder) -> None:
        place = folder("a.png")
        (place / "a.png").rename(os.fsdecode(bytes(place) + b"/caf\xe9.png"))
        images = open_image_set(place)
        assert images.keys == ["caf\\xe9.png"]
        assert images.decode(0).shape == (2, 3, 3)
        assert images.fingerprint
        assert "caf" in images.without({images.keys[0]: "why"}).info("real", "r").model_dump_json()

    @pytest.mark.skipif(sys.platform != "linux", reason="needs names that are no text")
    def test_a_folder_whose_name_is_no_utf8(self, folder: MakeFolder) -> None:
        place = folder("a.png")
        renamed = Path(os.fsdecode(bytes(place) + b"\xff"))
        place.rename(renamed)
        assert open_image_set(renamed).info("fake", "f").path.endswith("set\\xff")


class TestList:
    def test_paths_are_relative_to_the_list(self, folder: MakeFolder) -> None:
        place = folder("b.png", "deep/a.png")
        elsewhere = folder("c.png", root="elsewhere")
        listed = place / "list.txt"
        listed.write_bytes(
            b"\xef\xbb\xbf# chosen by hand\r\n\r\nb.png\r\n./deep/a.png\n"
            + bytes(elsewhere)
            + b"/c.png\n"
        )
        images = open_image_set(listed)
        assert images.kind == "list"
        assert images.keys == [f"{elsewhere}/c.png", "b.png", "deep/a.png"]
        assert all(images.decode(i).shape == (2, 3, 3) for i in range(3))

    def test_every_missing_file_is_named(self, folder: MakeFolder) -> None:
        place = folder("a.png")
        (place / "list.txt").write_text("a.png\nb.png\ndeep/c.png\n")
        with pytest.raises(InputError, match="2 of 3 files are not there") as caught:
            open_image_set(place / "list.txt")
        assert "\n  b.png\n  deep/c.png" in caught.value.message

    def test_prose_is_no_list(self, folder: MakeFolder) -> None:
        place = folder("a.png")
        (place / "notes.txt").write_text("Training went well.\n" + "We saw " * 1000 + "\n")
        with pytest.raises(InputError, match="none of its 2 lines names a file, such as 'Train"):
            open_image_set(place / "notes.txt")

    def test_a_file_listed_twice_counts_once(self, folder: MakeFolder) -> None:
        place = folder("a.png")
        (place / "list.txt").write_text("a.png\na.png\n./a.png\n../set/a.png\n")
        assert len(open_image_set(place / "list.txt")) == 1

    @pytest.mark.parametrize("content", [b"", b"# nothing\n\n", b"a.png\0b.png\n"])
    def test_a_list_of_nothing_is_refused(self, folder: MakeFolder, content: bytes) -> None:
        place = folder("a.png")
        (place / "list.txt").write_bytes(content)
        with pytest.raises(InputError, match="is not a list of image files"):
            open_image_set(place / "list.txt")
