"""Checks files against the strict JSON schema of CycloneDX 1.6, and that the check can fail."""

import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

validator = JsonStrictValidator(SchemaVersion.V1_6)
services = 0
for path in sys.argv[1:]:
    text = open(path, encoding="utf-8").read()
    problem = validator.validate_str(text)
    if problem is not None:
        sys.exit(f"{path}: {problem}")
    document = json.loads(text)
    services += len(document["services"])
    references = [e["bom-ref"] for e in document["services"] + document["components"]]
    if len(references) != len(set(references)):
        sys.exit(f"{path}: a bom-ref stands twice")
if services == 0:
    sys.exit("no document holds a service: nothing was checked")
document["services"].append({"name": "x", "data": [{"flow": "sideways", "classification": "x"}]})
if validator.validate_str(json.dumps(document)) is None:
    sys.exit("a flow of an unknown kind was accepted: the check checks nothing")
print(f"{len(sys.argv) - 1} bills of materials with {services} services are valid")
