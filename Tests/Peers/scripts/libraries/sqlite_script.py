# SPDX-License-Identifier: Apache-2.0
import sqlite3

with sqlite3.connect(":memory:") as base:
    base.execute("create table t (name text primary key, n integer)")
    base.executemany("insert into t values (?, ?)", [("a", 1), ("b", 2)])
    base.create_function("twice", 1, lambda n: 2 * n)
    print(base.execute("select name, twice(n) from t order by n desc").fetchall())
    try:
        base.execute("insert into t values ('a', 3)")
    except sqlite3.IntegrityError as exc:
        print(exc)
base.execute("select * from nothing")
