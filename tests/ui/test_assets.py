"""The files of live components: their version, and where Streamlit serves them."""

import asyncio
from pathlib import Path

from streamlit.file_util import get_app_static_dir

from playground.ui.assets import PATH, WEB, FreshModules, version


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
    assert (WEB / "main.js").is_file()


def test_only_modules_are_asked_for_anew() -> None:
    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    def answered(path: str) -> list:
        sent: list[dict] = []

        async def send(part: dict) -> None:
            sent.append(part)

        asyncio.run(FreshModules(app)({"type": "http", "path": path}, None, send))  # pyright: ignore
        return sent[0]["headers"]

    assert answered(f"{PATH}/main.js") == [(b"cache-control", b"no-cache")]
    assert answered(f"/class{PATH}/main.js") == [(b"cache-control", b"no-cache")]
    assert answered("/") == []
