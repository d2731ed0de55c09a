"""What fails because this machine is not the student's desk is mended, and told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.core import codec, notebook
from grader.core.model import Answer, AnswerStatus, CellRun, Evidence, Question
from grader.sandbox.observe import observe
from grader.sandbox.surroundings import Surroundings

ROOT = Path(__file__).parents[2]
CELLS = {
    "widget": "%matplotlib widget\nimport numpy as np\nimport matplotlib.pyplot as plt",
    "qt": "%matplotlib qt\n%gui tk",
    "backend": "import matplotlib\nmatplotlib.use('TkAgg')\nplt.switch_backend('Qt5Agg')",
    "bar": "from tqdm.notebook import tqdm, trange\nfor _ in tqdm(range(3)): pass",
    "auto": "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass",
    "widgets": "from ipywidgets import interact, widgets\n@interact(a=3)\ndef shown(a): return a",
    "drive": "from google.colab import drive\ndrive.mount('/content/drive')",
    "board": "from torch.utils.tensorboard import SummaryWriter\n%load_ext tensorboard\n"
    "%tensorboard --logdir runs\nwriter = SummaryWriter('runs/1')\n"
    "writer.add_scalar('loss', 0.5, 1)\nwith SummaryWriter() as other: other.flush()\n"
    "print('went on')",
    "gpu": "import sys, torch\nassert torch.cuda.is_available(), 'no GPU'\n"
    "if not torch.cuda.is_available():\n    print('!')\n    raise SystemError('no GPU')\n"
    "if torch.cuda.device_count() == 0: sys.exit(1)\n"
    "if torch.device('cpu').type != 'cuda':\n    quit()\nprint('went on')",
    "assert": "assert 1 == 2, 'of the student'",
    "style": "plt.style.use('science')\nlater = 3\ndef after(x):\n    return x\nprint('lost')",
    "picture": "plt.imread('graph.png')\nfrom numpy import nonsense, sin",
    "input": "limit = int(input('Limit? '))\ndef logistic(x):\n    return 1 / (1 + np.exp(-x))",
    "default": "n = int(input('epochs [10]: '))\nm = input('rate (default 0.1)? ')\nprint(n, m)",
    "syntax": "def broken(x)\n    return 1\n\n@abs\n@len\ndef lost(x):\n    pass\n"
    "def kept(x):\n    y = x\n\n    return y",
    "hidden": "def tanh(x):\n    return np.tanh(x)\ntanh = tanh(np.array([1.0]))",
    "import": "def r2_score(x):\n    return x\nfrom sklearn.metrics import r2_score",
    "only": "from scipy.special import expit as relu",
    "plot": "def draw_it(a, b):\n    x = np.linspace(a, b, 500)\n    plt.plot(x, x)\n"
    "    plt.savefig('figures/out.png')\n    plt.savefig('/content/drive/x.png')\n    1 / 0",
    "figure": "from matplotlib.figure import Figure\nf = Figure()\nf.add_subplot().plot([1, 2])\n"
    "display(f)",
    "folders": "from pathlib import Path\nopen('a/b.txt', 'w').write('1')\nPath('c/d.txt')"
    ".write_text('2')\nimport pandas as pd\npd.DataFrame({'a': [1]}).to_csv('out/a.csv')",
    "elsewhere": "print(pd.read_csv('C:/Users/me/data.csv').b[0])\n"
    "print(open('/home/me/data.csv').read(1))",
    "reading": "open('nowhere.txt')",
    "unchanged": "def twice(x):\n    return 2 * x",
}
NAMES = ("logistic", "tanh", "r2_score", "relu", "after", "kept", "twice", "gone")
POINTS = np.array([0.5])


def calling(name: str) -> Question:
    return Question(probe="call_function", params={"name": name, "points": POINTS})


PLOT = Question(
    probe="call_plot", params={"name": "draw_it", "x_min": 0.0, "x_max": 1.0, "functions": []}
)
FIGURES = Question(probe="figures")


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    """All of it in one kernel."""
    cells = [{"cell_type": "code", "source": source, "metadata": {}} for source in CELLS.values()]
    content = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}).encode()
    return observe(
        notebook.read(content, "X.ipynb"),
        [*map(calling, NAMES), PLOT, FIGURES],
        Surroundings(prepare=("figures", "version_rot"), files={"data.csv": b"a,b\n1,2\n"}),
        task="t",
        seed=1,
        resources=lambda name: np.zeros(0),
    )


def cell(evidence: Evidence, name: str) -> CellRun:
    return evidence.cells[list(CELLS).index(name)]


def answer(evidence: Evidence, question: Question) -> Answer:
    return evidence.answers[codec.digest(question)]


def value(evidence: Evidence, name: str) -> float:
    return float(answer(evidence, calling(name)).value["values"][0])


FINE = "widget qt backend bar auto widgets drive default board gpu hidden import only plot figure "
FINE += "folders elsewhere"


@pytest.mark.sandbox
@pytest.mark.parametrize("name", FINE.split())
def test_it_runs(evidence: Evidence, name: str) -> None:
    assert (cell(evidence, name).status, cell(evidence, name).error) == ("ok", "")


@pytest.mark.sandbox
@pytest.mark.parametrize(
    "told",
    [
        "%matplotlib widget was taken as %matplotlib inline",
        "%matplotlib qt was taken as %matplotlib inline",
        "the backend TkAgg needs a screen; figures were drawn inline",
        "the backend Qt5Agg needs a screen; figures were drawn inline",
        "the bars of tqdm.notebook need widgets; plain ones were shown",
        "the module google.colab is missing; its functions were replaced by empty ones",
        "the module torch.utils.tensorboard is missing; its functions were replaced by empty ones",
        "the notebook asks for a GPU; it was run on the CPU",
        "input('Limit? ') was answered with an empty line",
        "input('epochs [10]: ') was answered with '10'",
        "the folder figures was not there; it was made",
        "/content/drive/x.png cannot be written here; it was written as x.png",
        "the folder out was not there; it was made",
        "C:/Users/me/data.csv is not here; data.csv was read",
        "tanh was hidden by a value of type ndarray; what the notebook defined itself was marked",
        "a plotting function drew, and then ended with ZeroDivisionError: division by zero",
    ],
)
def test_it_is_told(evidence: Evidence, told: str) -> None:
    assert evidence.repairs.count(told) == 1


@pytest.mark.sandbox
def test_the_rest_of_a_failed_cell_is_run_as_far_as_it_defines_something(
    evidence: Evidence,
) -> None:
    assert cell(evidence, "style").status == cell(evidence, "input").status == "error"
    assert "lost" not in cell(evidence, "style").text
    assert (value(evidence, "after"), round(value(evidence, "logistic"), 4)) == (0.5, 0.6225)
    assert (value(evidence, "kept"), value(evidence, "twice")) == (0.5, 1.0)
    assert any("its other imports, definitions and assignments" in t for t in evidence.repairs)


@pytest.mark.sandbox
def test_a_notebook_that_insists_on_a_gpu_goes_on(evidence: Evidence) -> None:
    """By an assertion, an error or an exit; what it asserts of its own still counts."""
    assert cell(evidence, "gpu").text == "!\nwent on\n"
    assert cell(evidence, "board").text == "went on\n"
    assert cell(evidence, "assert").error == "AssertionError: of the student"


@pytest.mark.sandbox
def test_prompts_are_answered_by_what_they_propose(evidence: Evidence) -> None:
    assert cell(evidence, "default").text.endswith("10 0.1\n")


@pytest.mark.sandbox
def test_paths_of_another_machine_find_the_file_that_lies_beside(evidence: Evidence) -> None:
    assert cell(evidence, "elsewhere").text == "2\na\n"
    assert cell(evidence, "reading").error.startswith("FileNotFoundError")


@pytest.mark.sandbox
def test_a_function_hidden_by_a_value_is_put_back_and_one_only_imported_is_no_work(
    evidence: Evidence,
) -> None:
    assert round(value(evidence, "tanh"), 4) == 0.4621
    assert value(evidence, "r2_score") == 0.5
    imported = answer(evidence, calling("relu"))
    assert imported.status is AnswerStatus.UNDEFINED
    assert imported.error == "relu is an import and no function of the notebook's own"
    assert answer(evidence, calling("gone")).error == "gone"


@pytest.mark.sandbox
def test_what_was_drawn_before_an_error_and_what_display_shows_are_figures(
    evidence: Evidence,
) -> None:
    (drawn,) = answer(evidence, PLOT).value["figures"]
    assert drawn["axes"][0]["lines"][0]["x"].size == 500
    (shown,) = [f for f in answer(evidence, FIGURES).value if f["axes"]]
    assert shown["axes"][0]["lines"][0]["y"].tolist() == [1.0, 2.0]


# --- a machine without a GPU ------------------------------------------------------------------

WALK = """
import inspect, json, warnings
warnings.simplefilter("ignore")
from grader.sandbox.inside import state
from grader.sandbox.inside.fixtures import no_cuda
import torch
no_cuda.install(torch)
failed = {}
for name in torch.cuda.__all__:
    found = getattr(torch.cuda, name)
    if inspect.ismodule(found) or not callable(found):
        continue
    for arguments in ((), (0,), (0, 0), (0.5,), (torch.get_rng_state(),), ([],), (lambda: 1, ())):
        try:
            found(*arguments)
            break
        except Exception as error:
            failed.setdefault(name, set()).add(f"{type(error).__name__}: {error}"[:150])
    else:
        continue
    failed.pop(name, None)
spelled = {}
for text in SPELLED:
    try:
        exec(text, {"torch": torch})
        spelled[text] = ""
    except Exception as error:
        spelled[text] = f"{type(error).__name__}: {error}"[:150]
available = [torch.cuda.is_available(), torch.cuda.device_count(), torch.initial_seed() > 0]
failed = {name: sorted(why) for name, why in failed.items()}
told = [state.repairs, state.elsewhere]
print(json.dumps({"failed": failed, "spelled": spelled, "available": available, "told": told}))
"""
SPELLED = [
    "torch.Generator('cuda').manual_seed(1)",
    "torch.Generator(device=torch.device('cuda'))",
    "assert isinstance(torch.Generator(0), torch.Generator)",
    "torch.randperm(5, generator=torch.Generator(device='cuda:0'))",
    "torch.cuda.FloatTensor(3)",
    "torch.tensor([1.0]).type('torch.cuda.FloatTensor')",
    "torch.nn.Linear(3, 3, device='cuda')",
    "torch.nn.Linear(3, 3).to(torch.device('cuda', 0)).cuda(0)",
    "torch.zeros(3).to(0).to('mps').cuda(non_blocking=True).pin_memory()",
    "torch.zeros(3).to(device='cuda:0', dtype=torch.float64)",
    "torch.zeros(3).new_zeros(2, device='cuda')",
    "torch.zeros(3, pin_memory=True)",
    "torch.tensor([1.0], device=0)",
    "torch.normal(0.0, 1.0, (2,), device='cuda')",
    "torch.ones_like(torch.zeros(3), device='mps')",
    "torch.fft.fftfreq(4, device='cuda')",
    "torch.cuda.get_device_properties(0).total_memory / 2",
    "torch.cuda.get_device_capability(0) >= (7, 0)",
    "torch.cuda.memory_allocated() / 1e6 + torch.cuda.max_memory_reserved()",
    "start = torch.cuda.Event(enable_timing=True)\\nstart.record()\\nstart.elapsed_time(start)",
    "with torch.cuda.stream(torch.cuda.Stream()):\\n    torch.cuda.current_stream().synchronize()",
    "with torch.cuda.device(0):\\n    torch.ones(2)",
    "with torch.device('cuda'):\\n    torch.ones(2)",
    "with torch.autocast('cuda'):\\n    assert (torch.eye(2) @ torch.eye(2)).dtype.itemsize == 4",
    "with torch.autocast(device_type='mps'):\\n    torch.ones(2)",
    "torch.cuda.amp.GradScaler().scale(torch.ones(1, requires_grad=True).sum()).backward()",
    "torch.nn.DataParallel(torch.nn.Linear(3, 3), device_ids=[0])(torch.ones(1, 3))",
    "torch.set_default_device('cuda')\\ntorch.ones(2)\\ntorch.set_default_device('cpu')",
    "torch.mps.empty_cache()\\ntorch.mps.manual_seed(3)",
    "torch.cuda.set_rng_state(torch.cuda.get_rng_state())",
    "torch.backends.cudnn.benchmark = True",
]
TAKES_MORE = {"CUDAPluggableAllocator", "CudaError"}
"""Names of `torch.cuda` that no notebook calls, and that need arguments of their own."""


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """In a process of its own: torch is patched for good."""
    script = tmp_path_factory.mktemp("cuda") / "walk.py"
    script.write_text(f"SPELLED = {SPELLED!r}\n".replace("\\\\n", "\\n") + WALK)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(script)],
        env=environment | {"CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_every_public_name_of_torch_cuda_answers_or_is_passed_over(walked: Any) -> None:
    assert {k: v for k, v in walked["failed"].items() if k not in TAKES_MORE} == {}


@pytest.mark.parametrize("text", SPELLED)
def test_every_way_to_ask_for_a_gpu_costs_nothing(walked: Any, text: str) -> None:
    assert walked["spelled"][text.replace("\\n", "\n")] == ""


def test_a_notebook_that_asks_whether_there_is_a_gpu_is_told_the_truth(walked: Any) -> None:
    assert walked["available"][:2] == [False, 0]
    assert walked["told"] == [["the notebook asks for a GPU; it was run on the CPU"], [True]]


ON_THE_CPU = """
import json
import torch
from grader.sandbox.inside import state
from grader.sandbox.inside.fixtures import no_cuda
no_cuda.install(torch)
torch.manual_seed(1)
torch.seed()
torch.nn.Linear(2, 2).to("cpu")(torch.zeros(1, 2))
if torch.cuda.is_available():
    torch.cuda.manual_seed_all(1)
print(json.dumps([state.repairs, state.elsewhere]))
"""


def test_a_notebook_that_seeds_and_asks_for_no_gpu_is_told_nothing_of_one() -> None:
    """Torch passes each seed on to all its devices by itself; a seeded run stays deterministic."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", ON_THE_CPU],
        env=environment | {"CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [[], []]
