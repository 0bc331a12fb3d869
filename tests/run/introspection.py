"""Descriptions of D-Bus interfaces, compared by what is in them."""


def members(root, interface):
    """{(kind, name): arguments, access, annotations} of one interface."""
    found = {}
    element, = [e for e in root.iter("interface") if e.get("name") == f"org.dpin.{interface}"]
    for member in element:
        if member.tag in ("method", "property", "signal"):
            arguments = tuple((a.get("name"), a.get("type"), a.get("direction", "in")) for a in member.iter("arg"))
            notes = frozenset((a.get("name"), a.get("value")) for a in member.iter("annotation"))
            found[member.tag, member.get("name")] = member.get("type"), member.get("access"), arguments, notes
    return found
