#!/bin/sh
# Installs what is missing, through apt-get: deps.sh build|test|bench. Says in one line what to do when it cannot.
set -u
level=${1:-build}

missing=""
need() { missing="$missing $1"; }

command -v make >/dev/null 2>&1 || need make
command -v "${CC:-gcc}" >/dev/null 2>&1 || need "${CC:-gcc}"
[ -e /usr/include/stdio.h ] || need libc6-dev
if command -v pkg-config >/dev/null 2>&1; then
    pkg-config --exists yaml-0.1 || need libyaml-dev
    pkg-config --exists libcjson || need libcjson-dev
    [ "$level" = build ] || pkg-config --exists check || need check
else
    need "pkg-config libyaml-dev libcjson-dev"
    [ "$level" = build ] || need check
fi
if [ "$level" != build ]; then
    command -v python3 >/dev/null 2>&1 || need python3
fi
if [ "$level" = bench ]; then
    pkg-config --exists openblas 2>/dev/null || need libopenblas-dev
    /usr/bin/python3 -c 'import torch' 2>/dev/null || need python3-torch
fi
[ -z "$missing" ] && exit 0

asroot=""
if [ "$(id -u)" != 0 ]; then
    asroot="sudo"
fi
if ! command -v apt-get >/dev/null 2>&1 || { [ -n "$asroot" ] && ! command -v sudo >/dev/null 2>&1; }; then
    echo "bellman needs these Debian packages, please install them:$missing" >&2
    exit 1
fi
echo "installing:$missing"
# shellcheck disable=SC2086
if ! { DEBIAN_FRONTEND=noninteractive $asroot apt-get install -y -qq --no-install-recommends $missing ||
       { $asroot apt-get update -qq && DEBIAN_FRONTEND=noninteractive $asroot apt-get install -y -qq --no-install-recommends $missing; }; } >/dev/null 2>&1; then
    echo "apt-get could not install these packages, please install them:$missing" >&2
    exit 1
fi
