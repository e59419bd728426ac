"""Cuts out of Shopify's published introspection what the loader's queries touch.

    npm pack @shopify/dev-mcp@1.16.0 && tar xzf shopify-dev-mcp-1.16.0.tgz
    python -m tests.unit.shopify_api.extract package/dist/data

The package (ISC licence) holds the introspection of five API versions. A type is kept with the
fields and arguments that some query names, all with their published types; enums, whose values no
query names, as scalars. So a query is valid here exactly when it is valid there;
`tests/servers/test_shopify_api.py` compares with the whole again.
"""

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graphql import (
    FieldNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    get_named_type,
    parse,
    visit,
)

from ingestion.sources.shop.shopify_queries import DOCUMENTS

VERSIONS = ("2025-10", "2026-01", "2026-04", "2026-07", "2026-10")
PACKAGE = "@shopify/dev-mcp 1.16.0 (ISC)"
_HEAD = (
    "# The part of Shopify's Admin API {version} that the loader's queries touch:\n"
    f"# names, types and arguments, taken from the introspection in npm {PACKAGE}.\n\n"
    "schema {{\n  query: QueryRoot\n  mutation: Mutation\n}}\n"
)


def published(folder: Path, version: str) -> GraphQLSchema:
    """Return the whole schema of a version."""
    with gzip.open(folder / f"admin_{version}.json.gz") as file:
        found = json.load(file)
    return build_client_schema(found.get("data", found))


class _Used(Visitor):
    """Notes which fields and arguments of which type the documents name."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.fields: dict[str, dict[str, set[str]]] = {}

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self._info.get_parent_type()
        if parent is None or node.name.value == "__typename":
            return
        used = self.fields.setdefault(parent.name, {}).setdefault(node.name.value, set())
        used |= {argument.name.value for argument in node.arguments}


def extract(schema: GraphQLSchema) -> str:
    """Return the touched part of a schema, in GraphQL's own language."""
    info = TypeInfo(schema)
    used = _Used(info)
    for document in DOCUMENTS.values():
        visit(parse(document), TypeInfoVisitor(info, used))
    # What an interface promises has to stand in its types too, and both ways round.
    for name, fields in list(used.fields.items()):
        for other in _relatives(schema, name, set(used.fields)):
            for wanted, arguments in fields.items():
                if wanted in schema.type_map[other].fields:
                    used.fields[other].setdefault(wanted, set()).update(arguments)
    texts, leaves = [], {"Node"}
    for name, fields in sorted(used.fields.items()):
        kind = schema.type_map[name]
        word = "interface" if isinstance(kind, GraphQLInterfaceType) else "type"
        kept = [i.name for i in kind.interfaces if i.name == "Node" or i.name in used.fields]
        if "Node" in kept:
            fields = {"id": set(), **fields}
        lines = []
        for wanted in sorted(fields):
            declared = kind.fields[wanted]
            arguments = [f"{each}: {declared.args[each].type}" for each in sorted(fields[wanted])]
            leaves |= {get_named_type(declared.args[each].type).name for each in fields[wanted]}
            leaves.add(get_named_type(declared.type).name)
            shown = f"({', '.join(arguments)})" if arguments else ""
            lines.append(f"  {wanted}{shown}: {declared.type}")
        implements = f" implements {' & '.join(kept)}" if kept else ""
        texts.append(f"{word} {name}{implements} {{\n" + "\n".join(lines) + "\n}")
    texts.append("interface Node {\n  id: ID!\n}")
    standard = {"String", "Int", "Float", "Boolean", "ID", "Node"}
    texts += [f"scalar {leaf}" for leaf in sorted(leaves - set(used.fields) - standard)]
    return "\n\n".join(texts) + "\n"


def _relatives(schema: GraphQLSchema, name: str, among: set[str]) -> Iterator[str]:
    kind = schema.type_map[name]
    if isinstance(kind, GraphQLInterfaceType):
        yield from (t.name for t in schema.get_implementations(kind).objects if t.name in among)
    elif isinstance(kind, GraphQLObjectType):
        yield from (i.name for i in kind.interfaces if i.name in among)


def main(folder: Path) -> None:
    """Write one file a version beside this one."""
    for version in VERSIONS:
        text = _HEAD.format(version=version) + "\n" + extract(published(folder, version))
        (Path(__file__).parent / f"{version}.graphql").write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
