"""Modules as one script: what it does is what the modules do, and what it cannot do is refused."""

from pathlib import Path

import pytest

from playground.ui.bundle import NotBundled, bundle
from tests.web.node import node


def written(folder: Path, **files: str) -> Path:
    for name, source in files.items():
        (folder / f"{name}.js").write_text(source)
    return folder


def test_a_script_does_what_its_modules_do(tmp_path: Path) -> None:
    """Constants, functions and classes, renamed or not; each module runs once; names that meet stay apart."""
    written(
        tmp_path,
        main='import { low as small, Counter } from "./a.js";\nimport {\n  twice,\n} from "./b.js";\n\n'
        "/** Prints. */\nexport default function main() { console.log(small, twice(4), new Counter().up()); }\n",
        a="let runs = 0;\nruns += 1;\nexport const low = runs;\n"
        "export class Counter { up() { return local(); } }\nfunction local() { return 7; }\n",
        b='import { low } from "./a.js";\n\nfunction local() { return 2; }\n'
        "export async function unused() { await 0; }\n"
        "export function twice(x) { return local() * x + low; }\n",
    )
    script = tmp_path / "script.cjs"
    script.write_text(bundle("main.js", tmp_path))
    assert node(script).stdout == "1 9 7\n"
    assert "/**" not in script.read_text()


@pytest.mark.parametrize(
    "files",
    [
        {
            "main": 'import { b } from "./b.js";\nexport default function main() {}\n',
            "b": 'import "./main.js";\n',
        },
        {"main": "export default function main() { return import.meta.url; }\n"},
        {"main": "export let changing = 1;\nexport default function main() {}\n"},
        {"main": 'import * as all from "./b.js";\nexport default function main() {}\n', "b": ""},
        {"main": 'export default function main() { import("./b.js"); }\n', "b": ""},
        {"main": "await 0;\nexport default function main() {}\n"},
        {"main": 'export default function main() { return "</SCRIPT>"; }\n'},
    ],
    ids=["circle", "meta", "let", "namespace", "dynamic", "await", "end of the script"],
)
def test_what_cannot_stand_in_a_script_is_refused(files: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(NotBundled):
        bundle("main.js", written(tmp_path, **files))
