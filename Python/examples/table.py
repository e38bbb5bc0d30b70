# SPDX-License-Identifier: Apache-2.0
# /// script
# requires-python = ">=3.11"
# dependencies = ["pandas"]
# ///
"""Answers questions about a table with pandas: ``amaru run table.py -- FILE.csv``."""

import sys
from collections.abc import AsyncIterator

import pandas as pd

import amaru

table = pd.read_csv(sys.argv[1])
numbers = list(table.select_dtypes("number").columns)
# The model says what to look at; the numbers are those of pandas.
SCHEMA = {
    "type": "object",
    "properties": {
        "column": {"enum": numbers},
        "statistic": {"enum": ["count", "max", "mean", "median", "min", "sum"]},
        "by": {"enum": [None, *table.columns]},
    },
    "required": ["column", "statistic", "by"],
    "additionalProperties": False,
}


@amaru.reply
async def answer(message: str) -> AsyncIterator[str]:
    rule = f"Say which statistic of this table answers the question:\n{table.head()}"
    question = amaru.chat(message, system=rule, schema=SCHEMA)
    await question
    column, by = question.value["column"], question.value["by"]
    values = table[column] if by is None else table.groupby(by)[column]
    result = values.agg(question.value["statistic"])
    yield f"{question.value['statistic']} of {column}:\n{result}"
