# Sourced by ./run, ./test and ./manage: goes to the root and makes the virtual environment what the checkout asks for.
# Written for bash 3.2 too, which is what macOS ships. What it says goes to stderr, so that stdout stays the command's.
# shellcheck shell=bash
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
readonly ROOT="$PWD" UNFINISHED=.venv/.unfinished
unset PYTHONHOME

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Prints how suitable an interpreter is (0: not at all). Preferred are the versions that the locked packages are known
# to have wheels for. It is really executed: pyenv's shims exist for versions that then fail to start.
suitability() {
  "$1" -I - 2>/dev/null <<'PYTHON' || echo 0
import sys, sysconfig
import ensurepip, venv
minor = sys.version_info[1]
if sys.version_info < (3, 12) or sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
    print(0)
else:
    print({13: 100, 14: 99, 12: 98}.get(minor, minor))
PYTHON
}

python_candidates() {
  local name
  for name in python3.13 python3.14 python3.12 python3 python; do type -aP "$name" 2>/dev/null || true; done
  for name in "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/*/bin/python3 /usr/local/bin/python3* /opt/homebrew/bin/python3* \
    /Library/Frameworks/Python.framework/Versions/*/bin/python3; do
    case "$name" in *-config | *\*) ;; *) printf '%s\n' "$name" ;; esac
  done
}

best_python() {
  local candidate score best='' best_score=0
  while IFS= read -r candidate; do
    [ -x "$candidate" ] || continue
    score="$(suitability "$candidate")"
    if [ "$score" -gt "$best_score" ]; then best="$candidate" best_score="$score"; fi
    if [ "$score" -ge 100 ]; then break; fi
  done <<<"$(python_candidates)"
  printf '%s' "$best"
}

python_from_uv() {
  local uv
  uv="$(PATH="$PATH:${HOME:-}/.local/bin:${HOME:-}/.cargo/bin" type -P uv || true)"
  [ -n "$uv" ] || return 0
  say "No Python 3.12 or newer found: uv fetches one…"
  UV_PYTHON_PREFERENCE=only-managed "$uv" python install --quiet 3.13 >&2 || return 0
  UV_PYTHON_PREFERENCE=only-managed "$uv" python find 3.13 || true
}

find_python() {
  local found
  found="$(best_python)"
  [ -n "$found" ] || found="$(python_from_uv)"
  [ -n "$found" ] || die "Vereda needs Python 3.12 or newer with its venv module: install python3 (on Debian and Ubuntu" \
    "also python3-venv) or uv, and start again."
  printf '%s' "$found"
}

# What .venv was made from: if any of it changed, the packages are installed again. The place counts, because the
# scripts in .venv/bin hold it. The stamp of the development packages covers requirements.txt as well.
stamp() {
  printf '%s\n' "$ROOT"
  .venv/bin/python -I -S -c 'import sys; print(sys.version_info[:2])' 2>/dev/null || return 1
  cksum "$@"
}
runtime_stamp() { stamp requirements.txt; }
dev_stamp() { stamp requirements.txt requirements-dev.txt; }
is_stamped() { [ "$("$1_stamp" 2>/dev/null)" = "$(cat ".venv/.$1" 2>/dev/null || echo none)" ] && [ ! -e "$UNFINISHED" ]; }
is_ready() { is_stamped dev || { [ "$1" = runtime ] && is_stamped runtime; }; }

# A .venv that somebody made by hand is taken over; one that was interrupted or moved is made anew.
is_usable() {
  local made_at
  made_at="$(head -n 1 .venv/.runtime 2>/dev/null || true)"
  [ ! -e "$UNFINISHED" ] && [ "${made_at:-$ROOT}" = "$ROOT" ] && .venv/bin/python -I -c \
    'import pip, sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null
}

make_venv() {
  local python
  python="$(find_python)"
  say "Creating the virtual environment in .venv with $python…"
  rm -rf .venv
  mkdir .venv
  touch "$UNFINISHED"
  "$python" -m venv .venv
}

install_packages() {
  local requirements=requirements.txt
  if [ "$1" = dev ]; then requirements=requirements-dev.txt; fi
  is_usable || make_venv
  say "Installing the packages of $requirements (the first time takes a minute or two)…"
  touch "$UNFINISHED"
  .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r "$requirements" >&2 ||
    die "The packages of $requirements could not be installed: see pip's message above, and start again."
  if [ "$1" = dev ]; then dev_stamp >.venv/.dev; fi
  runtime_stamp >.venv/.runtime
  rm "$UNFINISHED"
}

# One at a time where flock exists: somebody may type ./manage while ./run still installs.
lock() {
  mkdir -p var
  exec 9>var/setup.lock
  if type -P flock >/dev/null && ! flock -n 9; then
    say "Waiting for another set-up of this checkout to end…"
    flock 9
  fi
}
unlock() { exec 9>&-; }

# ensure_environment runtime|dev
ensure_environment() {
  if is_ready "$1"; then return; fi
  lock
  is_ready "$1" || install_packages "$1"
  unlock
}

# Settings refuse to load without a key, so the first start makes one before Django sees any of it.
ensure_secret_key() {
  if [ -n "${SECRET_KEY:-}" ]; then return; fi
  unset SECRET_KEY
  if grep -Eqs '^[[:space:]]*(export[[:space:]]+)?SECRET_KEY=[[:space:]]*[^[:space:]]' .env; then return; fi
  lock
  .venv/bin/python -I scripts/secret_key.py .env
  unlock
}

ensure_browser() { .venv/bin/python -m scripts.browser; }
