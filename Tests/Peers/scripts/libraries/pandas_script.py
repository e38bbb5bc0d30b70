# SPDX-License-Identifier: Apache-2.0
import io

import pandas as pd

table = pd.read_csv(io.StringIO("name,age\nAda,36\nBob,41\nEva,\n"))
limit = 40
print(table.query("age > @limit"))
print(table.groupby(table["age"].isna())["name"].apply(list).to_dict())
print(table.describe())
print(table.to_json(orient="records"))
table.loc[:, "missing"]
