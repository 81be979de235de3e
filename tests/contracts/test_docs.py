"""The pages hold together: links lead somewhere, commands can be given, the help is today's."""

import importlib
import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bulbinspect.cli.main import app
from bulbinspect.models.spec import MODELS
from bulbinspect.nn.spatial_pooling import SPATIAL_POOLINGS
from bulbinspect.nn.trunk import TRUNKS
from bulbinspect.nn.view_pooling import ORDER_BOUND_POOLINGS, VIEW_POOLINGS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "data" / "README.md"])
NAMES = {
    "name": MODELS,
    "trunk": TRUNKS,
    "spatial_pooling": SPATIAL_POOLINGS,
    "view_pooling": VIEW_POOLINGS | ORDER_BOUND_POOLINGS,
}

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
HYDRA_FLAGS = {"-m", "--multirun", "--help", "--hydra-help"}


def name(page):
    return page.relative_to(ROOT).as_posix()


every_page = pytest.mark.parametrize("page", PAGES, ids=name)


def test_the_page_of_the_command_line_is_what_the_help_says():
    command = [sys.executable, ROOT / "scripts" / "docs", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def anchors_of(page):
    """Return the anchors that GitHub gives the headings of a page."""
    anchors = set()
    for heading in re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        numbered = (f"{slug}-{number}" for number in itertools.count(1))
        anchors.add(slug if slug not in anchors else next(n for n in numbered if n not in anchors))
    return anchors


def broken_links(page):
    prose = SPAN.sub("", FENCE.sub("", page.read_text("utf-8")))
    for link in re.findall(r"\]\(([^)\s]+)|(?:src|href)=\"([^\"]+)\"", prose):
        path, _, anchor = "".join(link).partition("#")
        if re.match(r"\w+:", path):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or not target.is_relative_to(ROOT):
            yield f"{path}: no such file"
        elif anchor and anchor not in anchors_of(target):
            yield f"{path}#{anchor}: no such heading"


@every_page
def test_every_link_leads_to_a_file_and_a_heading(page):
    assert list(broken_links(page)) == []


def commands_in(page):
    """Return the words of every command that a page shows, in blocks and within lines."""
    text = page.read_text("utf-8")
    blocks = [*FENCE.findall(text), *re.findall(r"^ {4}.+$", text, re.MULTILINE)]
    joined = "\n".join(blocks).replace("\\\n", " ")
    shown = [
        line.strip().removeprefix("$ ").removeprefix("Example: ") for line in joined.split("\n")
    ]
    shown += [" ".join(span.split()) for span in SPAN.findall(FENCE.sub("", text))]
    for line in shown:
        if not re.match(r"(\S*/)?(bulbinspect |python \S*train\.py)", line):
            continue
        words = shlex.split(line, comments=True)
        yield list(itertools.takewhile(lambda word: not re.match(r"\d?>|[|;&]", word), words))


def faults_of_verb(words):
    """Yield what `bulbinspect` would not know: a verb, or an option of it."""
    command = typer.main.get_command(app)
    for word in words:
        if word.startswith("-"):
            known = {"-h", "--help", *(opt for param in command.params for opt in param.opts)}
            if word.partition("=")[0] not in known:
                yield f"no option {word}"
        elif verbs := getattr(command, "commands", {}):
            if word not in verbs:
                yield f"no verb {word}"
                return
            command = verbs[word]


def composed(overrides):
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        output = "hydra.runtime.output_dir=x"
        config = compose("train", [*overrides, output], return_hydra_config=True)
    HydraConfig.instance().set_config(config)
    plain = OmegaConf.to_container(config, resolve=False)
    plain.pop("hydra")
    return OmegaConf.to_container(OmegaConf.create(plain), resolve=True, throw_on_missing=True)


def single_runs(overrides):
    """Return the overrides of each run of a sweep; those of the one run where nothing is swept."""
    values = []
    for override in OverridesParser.create().parse_overrides(overrides):
        if override.is_sweep_override():
            key = override.get_key_element()
            values.append([f"{key}={value}" for value in override.sweep_string_iterator()])
        else:
            values.append([override.input_line])
    return itertools.product(*values)


def faults_of_training(words):
    """Yield what `train.py` would not know: an option, a key, a group, a name of a part."""
    importlib.import_module("train")  # registers the resolvers
    flags = [word for word in words if word.startswith("-")]
    yield from (f"no option {flag}" for flag in flags if flag not in HYDRA_FLAGS)
    try:
        for overrides in single_runs([word for word in words if word not in {*flags, "…"}]):
            model = composed(overrides)["model"]
            named = [key for key in NAMES if key in model]
            yield from (f"no {key} {model[key]}" for key in named if model[key] not in NAMES[key])
    except (HydraException, OmegaConfBaseException) as error:
        yield str(error)


def faults_of(words):
    verb = words[0].endswith("bulbinspect")
    return list(faults_of_verb(words[1:]) if verb else faults_of_training(words[2:]))


@every_page
def test_every_command_names_verbs_options_and_keys_that_exist(page):
    assert [(words, faults) for words in commands_in(page) if (faults := faults_of(words))] == []


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("bulbinspect judge pictures", "no verb judge"),
        ("bulbinspect bench training --bulbs 3", "no option --bulbs"),
        ("bulbinspect predict pictures --outt=x", "no option --outt=x"),
        ("python train.py --sweep seed=0,1", "no option --sweep"),
        ("python train.py model.pooling=max", "Could not override 'model.pooling'"),
        ("python train.py experiment siamese", "missing EQUAL"),
        ("python train.py trainer=tpu", "Could not find 'trainer/tpu'"),
        ("python train.py data=manifest", "full_key: data.manifest"),
        ("python train.py -m model.view_pooling=max,median", "no view_pooling median"),
    ],
)
def test_a_command_that_cannot_be_given_is_found(words, fault):
    (found,) = faults_of(words.split())
    assert fault in found


def test_commands_are_found_in_blocks_and_within_lines(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "Say `bulbinspect predict x` or\n\n    python train.py seed=1  # why\n\n"
        "```sh\n$ bulbinspect synth \\\n    out | less\n```\n"
    )
    assert sorted(commands_in(page)) == [
        ["bulbinspect", "predict", "x"],
        ["bulbinspect", "synth", "out"],
        ["python", "train.py", "seed=1"],
    ]
