"""The version of the stage's files, by which a browser may keep them."""

from pathlib import Path

from playground.ui.assets import WEB, stage_route, version


def test_version_changes_with_content_and_with_names(tmp_path: Path) -> None:
    versions = []
    for name, code in (("a.js", "1"), ("a.js", "2"), ("b.js", "2"), ("c/a.js", "2")):
        folder = tmp_path / str(len(versions))
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(code)
        versions.append(version(folder))
    assert len(set(versions)) == 4
    assert all(len(one) == 8 for one in versions)


def test_route_serves_the_folder_of_the_stage() -> None:
    route = stage_route()
    assert route.path == f"/stage-web/{version(WEB)}"
    assert str(WEB).endswith("playground/ui/stage/web")
