#!/bin/sh
# Says what to do when the interpreter in $1 cannot make the environment.
python=$1
hint="Name one that is installed, for example: make PYTHON=python3.12 setup"

if ! command -v "$python" >/dev/null 2>&1; then
    echo "Python was not found as '$python'. Quarterdeck needs Python 3.11, 3.12 or 3.13. $hint" >&2
    exit 1
fi
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
case $version in
    3.11 | 3.12 | 3.13) ;;
    *)
        echo "'$python' is Python $version. Quarterdeck needs Python 3.11, 3.12 or 3.13. $hint" >&2
        exit 1
        ;;
esac
if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    echo "'$python' cannot make virtual environments. On Debian or Ubuntu: apt install python$version-venv" >&2
    exit 1
fi
