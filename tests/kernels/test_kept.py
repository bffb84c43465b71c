"""Machine code on disk: whose it is, what it depends on, and that no fault of a disk is more than compiling again."""

import os
import time
from pathlib import Path

import pytest

from playground.kernels import kept

pytest.importorskip("llvmlite", reason="an extra: see requirements-fast.txt")

CODE = bytes(range(256)) * 9


def place(base: Path, kind: str = "float32", **settings: str) -> Path:
    """Where code is kept below a folder."""
    found = kept.place(kind, {"NUMBA_CACHE_DIR": str(base), **settings})
    assert found is not None
    return found


def test_what_is_kept_is_read(tmp_path: Path) -> None:
    path = place(tmp_path / "deep" / "er")
    assert kept.read(path) is None
    assert kept.write(path, CODE) is None
    assert kept.read(path) == CODE
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_it_is_kept_with_what_the_user_can_make_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    folders = [
        kept.place("float32", environment).parent
        for environment in ({}, {"XDG_CACHE_HOME": str(tmp_path / "xdg")})
    ]
    assert folders == [
        tmp_path / base / "rnn-playground" / "compiled" for base in (Path("home", ".cache"), "xdg")
    ]


@pytest.mark.parametrize("length", [0, 1, 32, 33, 100, len(CODE) + 31])
def test_a_file_that_was_cut_off_is_none(length: int, tmp_path: Path) -> None:
    path = place(tmp_path)
    kept.write(path, CODE)
    path.write_bytes(path.read_bytes()[:length])
    assert kept.read(path) is None


@pytest.mark.parametrize("at", [0, 31, 32, 1000, len(CODE) + 31])
def test_a_file_with_another_bit_is_none(at: int, tmp_path: Path) -> None:
    path = place(tmp_path)
    kept.write(path, CODE)
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    assert kept.read(path) is None


def test_a_folder_in_the_place_of_a_file_is_none(tmp_path: Path) -> None:
    path = place(tmp_path)
    path.mkdir()
    assert kept.read(path) is None
    assert isinstance(kept.write(path, CODE), OSError)
    assert list(path.parent.iterdir()) == [path]  # nothing is left of the attempt


def test_a_full_disk_is_a_fault_that_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def replace(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device")

    path = place(tmp_path)
    monkeypatch.setattr(os, "replace", replace)
    assert "No space left" in str(kept.write(path, CODE))
    assert not list(path.parent.iterdir())


@pytest.mark.parametrize(
    "trouble", ["no home", "a file in the way", "another's folder", "a folder for reading", "all may write"]
)
def test_without_a_folder_of_ones_own_there_is_no_place(
    trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "base"
    folder = place(base).parent
    if trouble == "no home":

        def homeless() -> Path:
            raise RuntimeError("Could not determine home directory.")

        monkeypatch.setattr(Path, "home", homeless)
        assert kept.place("float32", {}) is None
        return
    if trouble == "a file in the way":
        folder.rmdir()
        folder.touch()
    elif trouble == "another's folder":
        monkeypatch.setattr(os, "getuid", lambda: -2)
    elif trouble == "a folder for reading":
        monkeypatch.setattr(os, "access", lambda path, mode: False)
    else:
        folder.chmod(0o777)
    assert kept.place("float32", {"NUMBA_CACHE_DIR": str(base)}) is None


def test_other_numbers_settings_processors_and_compilers_have_other_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import llvmlite.binding as llvm

    first = place(tmp_path)
    assert place(tmp_path, UNRELATED="1") == first
    others = {place(tmp_path, "float64"), place(tmp_path, NUMBA_OPT="0"), place(tmp_path, NUMBA_OPT="1")}
    with monkeypatch.context() as patch:
        patch.setattr(llvm, "get_host_cpu_name", lambda: "another")
        others.add(place(tmp_path))
    monkeypatch.setattr(kept, "version", lambda package: "another")
    others.add(place(tmp_path))
    assert len(others | {first}) == 6


def test_another_source_has_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = place(tmp_path)
    kernels = tmp_path / "kernels"
    kernels.mkdir()
    for source in Path(kept.__file__).parent.glob("*.py"):
        (kernels / source.name).write_bytes(source.read_bytes())
    monkeypatch.setattr(kept, "__file__", str(kernels / "kept.py"))
    assert place(tmp_path) == first
    with (kernels / "products.py").open("a") as file:
        file.write("\n# another\n")
    assert place(tmp_path) != first


def aged(path: Path, days: float) -> None:
    used = time.time() - days * 86_400
    os.utime(path, (used, used))


def test_files_that_nobody_read_for_a_month_are_removed(tmp_path: Path) -> None:
    """Of a version before, and what was left when the power went; not those of another server that is in use."""
    path = place(tmp_path)
    used, unused, abandoned = (path.with_name(name) for name in ("used.code", "unused.code", "tmp123"))
    for file in (used, unused, abandoned):
        assert kept.write(file, CODE) is None
    for file in (used, unused, abandoned):
        aged(file, 31)
    assert kept.read(used) == CODE  # as a start of that version does
    folder = path.with_name("folder")
    folder.mkdir()
    aged(folder, 31)  # is none of ours, and cannot be unlinked
    assert kept.write(path, CODE) is None
    assert {file.name for file in path.parent.iterdir()} == {path.name, "used.code", "folder"}


def test_files_that_another_process_removes_first_are_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = place(tmp_path)
    old = path.with_name("old.code")
    kept.write(old, CODE)
    aged(old, 31)
    unlink = Path.unlink

    def twice(self: Path, missing_ok: bool = False) -> None:
        unlink(self, missing_ok)
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", twice)
    assert kept.write(path, CODE) is None
    assert kept.read(path) == CODE and not old.exists()
