#!/bin/bash
# Tier "quality": recall and size of indexes on small data are those of bench/expected.
cd "$(dirname "$0")/../.." || exit 2
exec bench/expected/quality.sh check
