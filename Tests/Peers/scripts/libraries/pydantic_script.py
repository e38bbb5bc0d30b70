# SPDX-License-Identifier: Apache-2.0
from datetime import date

from pydantic import BaseModel, Field


class Person(BaseModel):
    name: str = Field(min_length=2)
    born: date
    friends: list["Person"] = []


ada = Person(
    name="Ada", born="1815-12-10", friends=[{"name": "Bo", "born": "2000-01-01"}]
)
print(ada.model_dump_json())
print(sorted(Person.model_json_schema()["$defs"]["Person"]["properties"]))
Person(name="A", born="never")
