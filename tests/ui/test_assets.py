"""The files of live components: their version, and where Streamlit serves them."""

import asyncio
import re
from pathlib import Path

from streamlit.file_util import get_app_static_dir

from playground.ui.assets import PATH, WEB, FreshModules, modules, version


def test_version_changes_with_content_and_with_names(tmp_path: Path) -> None:
    versions = []
    for name, code in (("a.js", "1"), ("a.js", "2"), ("b.js", "2"), ("c/a.js", "2")):
        folder = tmp_path / str(len(versions))
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(code)
        versions.append(version(folder))
    assert len(set(versions)) == 4
    assert all(len(one) == 8 for one in versions)


def test_streamlit_serves_the_folder_beside_the_script_of_the_page() -> None:
    assert get_app_static_dir(str(WEB.parent / "shell.py")) == str(WEB)
    assert (WEB / "stage" / "main.js").is_file()


def test_modules_are_those_of_the_component_and_the_shared_ones(tmp_path: Path) -> None:
    for name in (
        "one/a.js",
        "one/b/c.js",
        "one/main.js",
        "one/one.css",
        "two/main.js",
        "shared/theme.js",
        "loose.js",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert modules("one", tmp_path) == ("one/main.js", "one/a.js", "one/b/c.js", "shared/theme.js")


def test_what_is_shared_knows_no_component_and_components_know_not_each_other() -> None:
    holds = {"recording": "stage"}  # a page around a stage
    for path in WEB.rglob("*.js"):
        own = path.relative_to(WEB).parts[0]
        for name in re.findall(r"""(?:from |import\()"([^"]+)\"""", path.read_text(encoding="utf-8")):
            imported = (path.parent / name).resolve()
            assert imported.is_file(), (path, name)
            assert imported.relative_to(WEB).parts[0] in {own, "shared", holds.get(own)}, (path, name)


def test_only_modules_are_asked_for_anew() -> None:
    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    def answered(path: str) -> list:
        sent: list[dict] = []

        async def send(part: dict) -> None:
            sent.append(part)

        asyncio.run(FreshModules(app)({"type": "http", "path": path}, None, send))  # pyright: ignore
        return sent[0]["headers"]

    assert answered(f"{PATH}/stage/main.js") == [(b"cache-control", b"no-cache")]
    assert answered(f"/class{PATH}/stage/main.js") == [(b"cache-control", b"no-cache")]
    assert answered("/") == []
