#!/bin/sh
# Installs what is missing, through apt-get: deps.sh build|test|bench, with SDL and MPI in the environment as make takes them. Silent
# when nothing is; says in one line what to do when it cannot.
set -u
level=${1:-build}

missing=""
need() { missing="$missing $*"; }
program() { # program NAME PACKAGE
    command -v "$1" >/dev/null 2>&1 || need "$2"
}
library() { # library MODULE PACKAGE; without pkg-config nobody can tell, and asking apt for what is there does no harm
    pkg-config --exists "$1" 2>/dev/null || need "$2"
}

compiler=${CC:-gcc}
compiler=${compiler%% *}
program make make
program "$compiler" "${compiler##*/}"
[ -e /usr/include/stdio.h ] || need libc6-dev
program pkg-config pkg-config
library yaml-0.1 libyaml-dev
library libcjson libcjson-dev
library sqlite3 libsqlite3-dev
# Opened at run time: no headers. ls fails where one of the folders does not have it.
[ -n "$(ls /usr/lib*/libopenblas.so.0 /usr/lib/*/libopenblas.so.0 2>/dev/null)" ] || need libopenblas0
if [ "${SDL:-1}" != 0 ]; then
    library sdl2 libsdl2-dev
fi
library libpng libpng-dev
[ -e /usr/include/gif_lib.h ] || need libgif-dev
if [ "${MPI:-0}" != 0 ]; then
    library ompi-c libopenmpi-dev
    [ "$level" = build ] || program mpirun openmpi-bin
fi
if [ "$level" != build ]; then
    library check check
    program python3 python3
    /usr/bin/python3 -c 'import optuna' 2>/dev/null || need python3-optuna
    [ "$(uname -m)" != x86_64 ] || program qemu-x86_64 qemu-user
    if [ "${SDL:-1}" != 0 ]; then
        program Xvfb xvfb
        program xdotool xdotool
    fi
fi
if [ "$level" = bench ]; then
    /usr/bin/python3 -c 'import torch' 2>/dev/null || need python3-torch
fi
[ -z "$missing" ] && exit 0

give_up() {
    echo "bellman: $1; please install these packages (Debian's names):$missing" >&2
    exit 1
}
command -v apt-get >/dev/null 2>&1 || give_up "there is no apt-get"
as_root=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || give_up "not root, and there is no sudo"
    as_root=sudo
fi
apt() { # sudo keeps no environment; where it wants a password it asks on the terminal, not on standard error
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends "$@" >/dev/null 2>&1
}
echo "installing:$missing"
# The package lists may be empty or old: fetch them only where the first attempt fails.
# shellcheck disable=SC2086
apt install $missing || { apt update && apt install $missing; } || give_up "apt-get failed"
