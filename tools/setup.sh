#!/usr/bin/env bash
# Sets up what the grader needs: `setup.sh python` the virtual environment, `setup.sh sandbox`
# bubblewrap, `setup.sh browser` what the tests of pages look through, `setup.sh pyodide` the Python
# of browsers, `setup.sh archives` what opens 7z and rar. Works as root and as an ordinary user; says
# what to do where it can't.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1
    fi
}

find_python() {
    local candidate
    for candidate in python3.11 python3.12 python3.13 python3; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "setup: Python 3.11 or newer is missing; install it, for example with: apt-get install python3.11" >&2
    exit 2
}

set_up_python() {
    local python
    python=$(find_python)
    [ -x .venv/bin/pip ] || make_environment "$python"
    echo "setup: installing Python packages (torch is large; this takes some minutes the first time)"
    local quiet=--quiet
    if [ -t 1 ]; then quiet=; fi
    .venv/bin/python -m pip install $quiet --editable '.[dev]'
}

# Debian packs the part of venv that brings pip apart; without root, pip's wheel is unpacked.
make_environment() {
    local python=$1 package=${1##*/}-venv wheels
    if "$python" -c 'import ensurepip; ensurepip.version()' 2>/dev/null; then
        "$python" -m venv .venv
        return
    fi
    command -v apt-get >/dev/null || {
        echo "setup: $python cannot make virtual environments; install its 'ensurepip'" >&2
        exit 2
    }
    echo "setup: installing $package"
    if as_root apt-get update -qq && as_root apt-get install -y -qq "$package" >/dev/null; then
        "$python" -m venv .venv
        return
    fi
    wheels=$(mktemp -d)
    unpack_without_root python3-pip-whl "$wheels"
    "$python" -m venv --without-pip .venv
    .venv/bin/python "$(echo "$wheels"/usr/share/python-wheels/pip-*.whl)/pip" install \
        --quiet --no-index "$wheels"/usr/share/python-wheels/pip-*.whl
    rm -rf "$wheels"
}

set_up_sandbox() {
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/grader/bubblewrap
    if command -v bwrap >/dev/null || [ -x "$cache/usr/bin/bwrap" ]; then return; fi
    command -v apt-get >/dev/null || {
        echo "setup: bubblewrap is missing; install it with your package manager" >&2
        exit 2
    }
    echo "setup: installing bubblewrap"
    if as_root apt-get update -qq && as_root apt-get install -y -qq bubblewrap >/dev/null; then return; fi
    unpack_without_root bubblewrap "$cache"
    "$cache/usr/bin/bwrap" --version >/dev/null
}

# Chromium is for tests alone, and too large to be unpacked by hand: where it can't be had, they are
# skipped, and say so.
set_up_browser() {
    if command -v chromium >/dev/null || command -v google-chrome >/dev/null; then return; fi
    if command -v apt-get >/dev/null; then
        echo "setup: installing Chromium, for tests of pages"
        if as_root apt-get update -qq && as_root apt-get install -y -qq chromium >/dev/null; then return; fi
    fi
    echo "setup: NO BROWSER: tests of pages will be skipped; install Chromium to run them" >&2
}

# For one test alone, which is skipped where it can't be had, and says so.
set_up_pyodide() {
    command -v node >/dev/null || as_root apt-get install -y -qq nodejs >/dev/null || true
    if command -v node >/dev/null && .venv/bin/python tools/pyodide.py; then return; fi
    echo "setup: NO PYODIDE: %check in a browser's Python will not be tested; it takes node and PyPI" >&2
}

# Without it a 7z or rar that was handed in goes to a person: nothing fails for that.
set_up_archives() {
    if command -v bsdtar >/dev/null; then return; fi
    if command -v apt-get >/dev/null; then
        echo "setup: installing bsdtar, for 7z and rar"
        if as_root apt-get update -qq && as_root apt-get install -y -qq libarchive-tools >/dev/null; then return; fi
    fi
    echo "setup: no bsdtar: 7z and rar go to a person; install libarchive-tools to open them" >&2
}

# An apt state of our own, so that no root is needed to fetch and unpack one package.
unpack_without_root() {
    local package=$1 folder=$2 state
    state=$(mktemp -d)
    mkdir -p "$state/lists/partial" "$state/archives/partial" "$folder"
    local options=(-o "Dir::State::Lists=$state/lists" -o "Dir::Cache=$state" -o "Debug::NoLocking=1")
    apt-get "${options[@]}" update -qq
    (cd "$state" && apt-get "${options[@]}" download -qq "$package")
    dpkg-deb -x "$state/$package"_*.deb "$folder"
    rm -rf "$state"
}

case "${1:-}" in
python) set_up_python ;;
sandbox) set_up_sandbox ;;
browser) set_up_browser ;;
pyodide) set_up_pyodide ;;
archives) set_up_archives ;;
*) echo "usage: tools/setup.sh python|sandbox|browser|pyodide|archives" >&2; exit 2 ;;
esac
