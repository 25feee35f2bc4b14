"""The floors and what they promise, read from the imports of every module.

    4 app.py   3 components/   2 finetune/   1 inference/

The rules are functions over `{path: source}`; each is also fed a made-up project that breaks it.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = {"inference": 1, "finetune": 2, "components": 3, "app": 4}
ENGINES = frozenset({"torch", "transformers", "peft"})
WITHOUT_ENGINES = ("finetune/recipe.py", "finetune/tables.py", "finetune/dataset.py")
APP_LINES = 80

Sources = Mapping[str, str]


@dataclass(frozen=True)
class Import:
    """`target` imported in the file `path`; `loads` where importing the file imports it too."""

    path: str
    line: int
    target: str
    loads: bool

    @property
    def top(self) -> str:
        return self.target.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.target}"


def project() -> dict[str, str]:
    files = [path for path in (ROOT / "app.py",) if path.is_file()]
    for package in ("components", "finetune", "inference"):
        files += sorted((ROOT / package).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in files}


def module(path: str) -> str:
    """`finetune/pretrain/__init__.py` -> `finetune.pretrain`"""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(sources: Sources) -> list[Import]:
    known = {module(path) for path in sources}
    return [
        Import(path, node.lineno, target, loads)
        for path, source in sources.items()
        for node, loads in _nodes(ast.parse(source), loads=True)
        for target in _targets(node, path, known)
    ]


def _nodes(node: ast.AST, loads: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Import statements, and whether they run when the module is imported."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, loads
    elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        for child in node.body:
            yield from _nodes(child, False)
        for child in node.orelse:
            yield from _nodes(child, loads)
    else:
        loads = loads and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.iter_child_nodes(node):
            yield from _nodes(child, loads)


def _targets(node: ast.Import | ast.ImportFrom, path: str, known: set[str]) -> list[str]:
    """Dotted names; `from finetune import runs` names the module `finetune.runs`."""
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    package = path.split("/")[: -node.level] if node.level else []
    base = ".".join([*package, *filter(None, [node.module])])
    names = [f"{base}.{name.name}" for name in node.names]
    return [name if name in known else base for name in names]


def upward(sources: Sources) -> list[str]:
    floor = {path: FLOORS[module(path).partition(".")[0]] for path in sources}
    return [str(it) for it in imports(sources) if FLOORS.get(it.top, 0) > floor[it.path]]


def loaded(sources: Sources) -> dict[str, set[str]]:
    """module -> what importing it imports first, of this project or not."""
    graph: dict[str, set[str]] = {module(path): set() for path in sources}
    for found in imports(sources):
        if found.loads:
            graph[module(found.path)].add(found.target)
    return graph


def reach(graph: Mapping[str, set[str]], start: str) -> set[str]:
    """Everything that is imported once `start` is; `start` itself only if it comes round."""
    seen: set[str] = set()
    waiting = list(graph.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += graph.get(name, ())
    return seen


def cycles(sources: Sources) -> list[str]:
    graph = loaded(sources)
    return [f"{name} imports itself in a circle" for name in graph if name in reach(graph, name)]


def gradio_below(sources: Sources) -> list[str]:
    return [
        str(it)
        for it in imports(sources)
        if it.top == "gradio" and it.path.startswith(("inference/", "finetune/"))
    ]


def engines(sources: Sources) -> list[str]:
    """torch and its like in the interface, or in what must be quick to import."""
    graph = loaded(sources)
    direct = [
        str(it)
        for it in imports(sources)
        if it.top in ENGINES and (it.path.startswith("components/") or it.path in WITHOUT_ENGINES)
    ]
    return direct + [
        f"{path} reaches {target}"
        for path in WITHOUT_ENGINES
        for target in sorted(reach(graph, module(path)))
        if target.partition(".")[0] in ENGINES
    ]


def spaces_elsewhere(sources: Sources) -> list[str]:
    home = "inference/accelerator.py"
    return [str(it) for it in imports(sources) if it.top == "spaces" and it.path != home]


def shapes(sources: Sources) -> list[str]:
    full = [path for path, source in sources.items() if path.endswith("__init__.py") and source]
    long = len(sources.get("app.py", "").splitlines()) > APP_LINES
    return full + (["app.py"] if long else [])


RULES = (upward, cycles, gradio_below, engines, spaces_elsewhere, shapes)


@pytest.fixture(scope="module")
def sources():
    return project()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule, sources):
    assert rule(sources) == []


def test_every_package_is_read(sources):
    assert {module(path).partition(".")[0] for path in sources} >= set(FLOORS) - {"app"}
    assert "finetune/pretrain/chat.py" in sources


BROKEN = {
    "from the first floor to the second": (upward, {"inference/a.py": "import finetune.runs"}),
    "up within a function": (upward, {"finetune/a.py": "def f():\n  from components import x"}),
    "up for a type": (upward, {"inference/a.py": "if TYPE_CHECKING:\n  from finetune import b"}),
    "to the top": (upward, {"components/a.py": "from app import main"}),
    "a circle of two": (
        cycles,
        {
            "inference/a.py": "from inference import b",
            "inference/b.py": "from inference.a import x",
        },
    ),
    "a circle of three, relative": (
        cycles,
        {
            "finetune/a.py": "from . import b",
            "finetune/b.py": "try:\n  from .c import x\nexcept ImportError: pass",
            "finetune/c.py": "class C:\n  import finetune.a",
        },
    ),
    "gradio in an engine": (gradio_below, {"finetune/a.py": "def f():\n  import gradio as gr"}),
    "torch in a tab": (engines, {"components/a.py": "def f():\n  import torch.nn"}),
    "peft in the recipe": (engines, {"finetune/recipe.py": "def f():\n  from peft import x"}),
    "transformers behind the tables": (
        engines,
        {
            "finetune/tables.py": "from finetune import a",
            "finetune/a.py": "from inference.b import x",
            "inference/b.py": "import transformers",
        },
    ),
    "spaces in a tab": (spaces_elsewhere, {"components/a.py": "import spaces"}),
    "spaces in the app": (spaces_elsewhere, {"app.py": "import spaces"}),
    "code in a package": (shapes, {"inference/__init__.py": "x = 1\n"}),
    "a long app": (shapes, {"app.py": "x = 1\n" * (APP_LINES + 1)}),
}

KEPT = {
    "app.py": "from inference import accelerator\nfrom components import tab\n",
    "components/__init__.py": "",
    "components/tab.py": "import gradio as gr\nfrom finetune.recipe import x\n",
    "finetune/recipe.py": "if TYPE_CHECKING:\n  from finetune import loop\nimport json\n",
    "finetune/loop.py": "import torch\nfrom finetune.recipe import Recipe\n",
    "inference/accelerator.py": "try:\n  import spaces\nexcept ImportError: pass\n",
    "inference/a.py": "def f():\n  from inference import b\n",
    "inference/b.py": "from inference import a\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_noticed(name):
    rule, made_up = BROKEN[name]
    assert rule(made_up)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_what_is_allowed_passes(rule):
    assert rule(KEPT) == []
