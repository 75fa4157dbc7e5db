#!/bin/bash
# Python scripts have no undefined names, unused imports and the like (pyflakes3).
cd "$(dirname "$0")/../.." || exit 2

find . \( -path ./build -o -path ./.git -o -name tmp_check -o -name node_modules \) -prune \
	-o -name '*.py' -print0 | sort -z | xargs -0 pyflakes3
