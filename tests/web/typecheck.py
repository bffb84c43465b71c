"""The types of the stage's JavaScript: `python -m tests.web.typecheck` has TypeScript check its JSDoc comments."""

import json
import sys

from tests.web.node import NPM, ROOT, node

TYPESCRIPT = ROOT / "node_modules" / "typescript"


def is_installed() -> bool:
    """Whether TypeScript is there in the version that package.json names."""
    described = TYPESCRIPT / "package.json"
    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]["typescript"]
    return described.exists() and json.loads(described.read_text(encoding="utf-8"))["version"] == wanted


def main() -> int:
    """The exit code: 0 when every type fits."""
    if not is_installed():
        installed = node(NPM, "ci", "--no-audit", "--no-fund")
        if installed.returncode:
            print(installed.stdout)
            return installed.returncode
    checked = node(TYPESCRIPT / "bin" / "tsc", "--project", "jsconfig.json")
    print(checked.stdout or "JavaScript types: 0 errors")
    return checked.returncode


if __name__ == "__main__":
    sys.exit(main())
