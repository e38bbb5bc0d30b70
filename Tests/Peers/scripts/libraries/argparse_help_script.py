# SPDX-License-Identifier: Apache-2.0
# arguments: --help
import argparse

argparse.ArgumentParser().parse_args()
