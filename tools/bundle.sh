#!/usr/bin/env bash
# Proves that the students' bundle is enough: makes one, follows its README in a new environment, and
# checks a good notebook and the untouched one there while this repository is out of sight.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

.venv/bin/python -m pip wheel --quiet --no-deps --wheel-dir "$work" .
.venv/bin/grader release "$work/bundle" --assignment dais2021-a4 --install "$work"/grader-*.whl
cp -r "$work/bundle" "$work/solved"
cp "submissions/examples/Ada Strong_4711001_assignsubmission_file/ActivationFunctions.ipynb" "$work/solved"

# As `python -m venv` and `pip install`, also where Python came without its pip.
.venv/bin/python -m venv --without-pip "$work/env"
# An index that can't be reached is passed over: pip would try it for a minute for each library.
pip() { .venv/bin/python -m pip --python "$work/env/bin/python" install --quiet --retries 0 "$@"; }
echo "bundle: installing its requirements into a new environment"
pip -r "$work/bundle/requirements.txt" "$work"/bundle/grader-*.whl

bwrap=$(command -v bwrap || echo "${XDG_CACHE_HOME:-$HOME/.cache}/grader/bubblewrap/usr/bin/bwrap")
checked() {
    local expected=$1 folder=$2 code=0
    "$bwrap" --dev-bind / / --tmpfs "$here" --chdir "$folder" \
        "$work/env/bin/grader" check ActivationFunctions.ipynb || code=$?
    [ "$code" = "$expected" ] || {
        echo "bundle: $folder: exit code $code, expected $expected" >&2
        exit 1
    }
}
checked 0 "$work/solved"
checked 1 "$work/bundle"
echo "bundle: enough for a student"
