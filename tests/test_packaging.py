"""What stands around the code: requirements, both READMEs, the Space's settings, the CI script."""

import ast
import os
import re
import shlex
import subprocess
import sys
from dataclasses import asdict
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from components._push_panel import WRITING
from finetune.__main__ import parser
from inference.catalog import BUILTIN_FOLDER, Catalog
from inference.limits import Limits

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README_zh.md")
RUN = "pip install -r requirements.txt && python app.py"
TEST = "pip install -r requirements-dev.txt && pytest"
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
OURS = {"app", "components", "finetune", "inference", "tests"}
# The figures of the built-in models that the READMEs repeat from their cards.
FIGURES = {
    "chat": ("topics", "held_out_en", "held_out_zh"),
    "sentiment": tuple(
        f"{figure}_{language}"
        for language in ("en", "zh")
        for figure in ("rows", "accuracy", "tfidf", "ece")
    ),
    "summary": ("cnndm_rouge1", "cnndm_rouge1_random", "csl_rouge1", "csl_rouge1_random"),
}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def requirements(name):
    lines = [line.partition("#")[0].strip() for line in read(name).splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("-r")]


def third_party(*folders):
    """Top-level packages imported by the Python files of these folders, and of app.py."""
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    files += [path for path in (ROOT / "app.py",) if path.is_file()]
    found = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module.partition(".")[0])
    return found - OURS - sys.stdlib_module_names


def unnamed(modules, *files):
    """Those of `modules` that no package of the requirement files provides."""
    named = {canonicalize_name(it.name) for name in files for it in requirements(name)}
    provided = packages_distributions()
    return {
        module
        for module in modules
        if named.isdisjoint(map(canonicalize_name, provided.get(module, [])))
    }


@pytest.fixture(scope="module")
def space():
    return yaml.safe_load(read("README.md").split("---\n")[1])


def test_the_space_card_is_complete(space):
    assert space["title"]
    assert space["emoji"]
    assert {space["colorFrom"], space["colorTo"]} <= COLOURS
    assert (space["sdk"], space["python_version"]) == ("gradio", "3.12")
    assert (ROOT / space["app_file"]).is_file()
    assert len(space["short_description"]) <= 60


def test_the_space_runs_the_gradio_of_the_requirements(space):
    (gradio,) = (it for it in requirements("requirements.txt") if it.name == "gradio")
    assert str(gradio.specifier) == f"=={space['sdk_version']}"


def test_the_space_names_models_that_are_on_offer(space):
    offered = {model.id for model in Catalog.load({}).models}
    assert set(space["models"]) | set(space["preload_from_hub"]) <= offered
    assert "Qwen/Qwen3-0.6B" in space["preload_from_hub"]


def test_the_space_asks_for_no_more_than_writing_to_what_it_makes(space):
    """https://huggingface.co/docs/hub/spaces-oauth"""
    assert space["hf_oauth"] is True
    assert space["hf_oauth_scopes"] == ["contribute-repos"]
    assert set(space["hf_oauth_scopes"]) <= WRITING


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_bounded_on_both_sides(name):
    loose = [
        str(it)
        for it in requirements(name)
        if (bounds := {part.operator for part in it.specifier}) != {"=="}
        and not (bounds & {">=", ">"} and bounds & {"<", "<="})
    ]
    assert loose == (["spaces"] if name == "requirements.txt" else [])


def test_the_development_requirements_include_the_others():
    assert "-r requirements.txt" in read("requirements-dev.txt").splitlines()


def test_what_the_code_imports_is_required():
    modules = third_party("components", "finetune", "inference")
    assert unnamed(modules, "requirements.txt") == set()


def test_what_the_tests_import_is_required():
    modules = third_party("tests") - {"packaging"}  # pytest brings it
    assert unnamed(modules, "requirements.txt", "requirements-dev.txt") == set()


def test_an_import_without_a_requirement_is_noticed():
    assert unnamed({"pluggy", "torch", "no_such_module"}, "requirements.txt") == {
        "pluggy",
        "no_such_module",
    }


def blocks(text):
    return re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def headings(text):
    return re.findall(r"^(#+) ", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)


@pytest.mark.parametrize("name", READMES)
def test_the_two_commands_come_first(name):
    after_title = read(name).partition("\n# " if name == "README.md" else "# ")[2]
    assert [block.strip() for block in blocks(after_title)[:2]] == [RUN, TEST]
    assert after_title.index(TEST) < 300


def test_both_languages_have_the_same_parts_and_the_same_commands():
    english, chinese = (read(name) for name in READMES)
    assert headings(english) == headings(chinese)
    assert blocks(english) == blocks(chinese)


def test_the_command_lines_shown_are_understood():
    lines = "\n".join(blocks(read("README.md"))).splitlines()
    shown = [shlex.split(line)[3:] for line in lines if line.startswith("python -m finetune ")]
    assert {arguments[0] for arguments in shown} == {
        "inspect", "estimate", "train", "resume", "evaluate", "export",
    }  # fmt: skip
    for arguments in shown:
        parser().parse_args(arguments)


@pytest.mark.parametrize("name", READMES)
def test_the_limits_shown_are_those_of_the_code(name):
    shown = dict(re.findall(r"^\| `([A-Z_]+)` \| .* \| ([\d,]+) \|$", read(name), re.MULTILINE))
    assert shown == {key.upper(): f"{value:,}" for key, value in asdict(Limits()).items()}


@pytest.mark.parametrize("name", READMES)
@pytest.mark.parametrize("model", FIGURES)
def test_the_figures_shown_are_those_of_the_card(name, model):
    card = (BUILTIN_FOLDER / model / "README.md").read_text("utf-8")
    measured = dict(re.findall(r"^\| (\w+) \| ([\d.]+) \|$", card, re.MULTILINE))
    (row,) = re.findall(rf"^\| `builtin/{model}` \| (.*) \|$", read(name), re.MULTILINE)
    shown = re.findall(r"(?<![\w.-])\d+(?:\.\d+)?(?![\w-])", row)
    assert [measured[figure] for figure in FIGURES[model] if measured[figure] not in shown] == []


@pytest.mark.parametrize("name", READMES)
def test_the_files_linked_to_are_there(name):
    links = [link for link in re.findall(r"\]\(([^)]+)\)", read(name)) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_ci_script_runs_the_command_of_the_readme():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert read(".ci/run").splitlines()[-1] == TEST


@pytest.mark.parametrize(
    ("given", "counted"),
    [
        ({}, "2 skipped"),
        ({"LAB_NO_SKIPS": "1"}, "1 failed, 1 skipped"),
        ({"LAB_NO_SKIPS": "1", "LAB_TEST_DATA": "here"}, "1 failed, 1 passed"),
    ],
)
def test_a_skip_fails_where_none_is_allowed(given, counted, tmp_path):
    tests = "def test_lazy():\n  pytest.skip('lazy')\ndef test_files(lab_data):\n  pass\n"
    (tmp_path / "test_two.py").write_text("import pytest\n" + tests, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAB_")}
    options = ["-p", "tests.conftest", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=ROOT,
        env=kept | given,
        capture_output=True,
        text=True,
    )
    assert f"{counted} in " in ended.stdout
    assert ended.returncode == ("failed" in counted)
