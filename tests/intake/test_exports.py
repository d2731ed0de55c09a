"""Scripts and pages that were handed in as a notebook."""

from __future__ import annotations

import pytest

from grader.core.notebook import NotebookProblem
from grader.intake import exports


def cells(text: str, name: str = "A.py") -> list[tuple[str, str]]:
    return [(cell.kind, cell.source) for cell in exports.read(text.encode(), name).cells]


def test_a_script_in_percent_format_has_its_cells() -> None:
    script = "import x\n# %% first\na = 1\n\n# %% [markdown]\n# # Title\n# words\n#%%\nb = 2\n"
    assert cells(script) == [
        ("code", "import x"),
        ("code", "a = 1"),
        ("markdown", "# Title\nwords"),
        ("code", "b = 2"),
    ]


def test_a_script_of_nbconvert_has_its_cells() -> None:
    assert cells("#!/usr/bin/env python\n# In[1]:\n\na = 1\n\n# In[ ]:\nb = 2\n") == [
        ("code", "#!/usr/bin/env python"),
        ("code", "a = 1"),
        ("code", "b = 2"),
    ]


def test_any_other_script_is_one_cell() -> None:
    assert cells("a = '# %% of it'\n\nb = 2\n") == [("code", "a = '# %% of it'\n\nb = 2")]


@pytest.mark.parametrize(
    ("code", "prose"),
    [
        (
            '<div class="highlight hl-ipython3">',
            '<div class="jp-RenderedMarkdown jp-MarkdownOutput">',
        ),
        ('<div class=" highlight">', '<div class="text_cell_render border-box-sizing">'),
    ],
)
def test_a_page_has_the_cells_that_its_boxes_show(code: str, prose: str) -> None:
    page = (
        f"<html><p>around</p>{prose}<div><h1>Title</h1></div></div>"
        f"{code}<pre><span>a</span> &lt; <span>2</span>\n</pre></div>"
        f'<div class="output">2</div>{code}<pre>b</pre></div>'
    )
    assert cells(page, "A.HTML") == [("markdown", "Title"), ("code", "a < 2"), ("code", "b")]


def test_what_was_read_is_told() -> None:
    script, page = (
        exports.read(b"a", "A.PY"),
        exports.read(b"<div class=highlight>a</div>", "A.htm"),
    )
    assert script.repairs == ("a script was read as a notebook",)
    assert page.repairs == ("a page was read as a notebook",)
    assert [cell.id for cell in page.cells] == ["cell-0"]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "A.py"),
        (b"\n \n", "A.py"),
        (b"# %% [markdown]\n# words\n", "A.py"),
        (b"<p>words</p>", "A.html"),
        (b"<div class='highlight'>never closed", "A.html"),
        (b"<div class='highlight'> </div>", "A.html"),
    ],
)
def test_where_no_code_is_there_is_no_notebook(content: bytes, name: str) -> None:
    with pytest.raises(NotebookProblem, match=rf"^{name} holds no notebook\.$"):
        exports.read(content, name)


def test_more_than_any_notebook_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MAX_CELLS", 2)
    with pytest.raises(NotebookProblem, match="holds no notebook"):
        cells("# %%\na\n# %%\nb\n# %%\nc\n")
    monkeypatch.setattr(exports, "MAX_SOURCE", 5)
    with pytest.raises(NotebookProblem, match=r"^A\.py is larger than any notebook's code\.$"):
        cells("a = 100")


def test_bytes_that_are_no_text_are_read_as_far_as_they_go() -> None:
    found = exports.read(b"\xef\xbb\xbfa = '\xff'", "A.py")
    assert [cell.source for cell in found.cells] == ["a = '\ufffd'"]


@pytest.mark.parametrize(
    "page", ["<![x[ ]]>", "<![if", "<!" * 1000, "&#xffffffffff;", "<a b=&#0;>"]
)
def test_a_page_that_the_library_stumbles_over_holds_no_notebook(page: str) -> None:
    with pytest.raises(NotebookProblem, match=r"^a\.html "):
        exports.read(page.encode(), "a.html")
