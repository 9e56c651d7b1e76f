"""ENUM and SET."""

from lab.matrix.kinds import Kind, Value, plain, quoted

_LONG = "long label " * 20


def _members(count: int) -> str:
    return ",".join(f"'m{number}'" for number in range(count))


def _sets() -> list[Kind]:
    found = []
    for size in (1, 8, 9, 24, 25, 33, 64):
        every = ",".join(f"m{number}" for number in range(size))
        values = quoted("", "m0", f"m{size - 1}", every)
        found.append(Kind(f"set of {size}", f"set({_members(size)})", values, "v"))
    return found


MEMBERS = (
    Kind(
        "enum",
        "enum('a','b''c','x,y','ü','')",
        (*quoted("a", "b''c", "x,y", "ü"), Value("0", ambiguous=True), *plain(5)),
        "v",
    ),
    Kind("set with an empty member", "set('a','')", (*plain(0, 1), Value("2", ambiguous=True), *plain(3)), "v"),
    Kind("enum, no such member", "enum('a','b')", (*quoted("a", "nonsense", ""), *plain(0)), "v"),
    Kind(
        "enum, odd labels",
        "enum('tab\t','line\n','back\\\\slash','\"quote\"','%s','NULL','\\\\N',' lead')",
        plain(*range(9)),
        "v",
    ),
    Kind("enum latin1", "enum('ä','€','b') character set latin1", plain(*range(4)), "v"),
    Kind("enum sjis", "enum('ソ','表','b') character set sjis", plain(*range(4)), "v"),
    Kind("enum utf16", "enum('ソ','€','b') character set utf16", plain(*range(4)), "v"),
    Kind("enum binary", "enum('a','B','b') character set binary", plain(*range(4)), "v"),
    Kind("enum, emoji", "enum('🐬','plain','a🐬b') character set utf8mb4", plain(*range(4)), "v"),
    Kind(
        "enum, labels that differ only in emoji",
        "enum('🐬','🪁','?') character set utf8mb4 collate utf8mb4_bin",
        plain(*range(4)),
        "v",
    ),
    Kind("enum, long labels", f"enum('{_LONG}1','{_LONG}2','b') character set utf8mb4", plain(*range(4)), "v"),
    Kind("enum, 63 bytes", f"enum('{'x' * 62}1','{'x' * 62}2') character set utf8mb4", plain(*range(3)), "v"),
    Kind("enum of 300", f"enum({_members(300)})", plain(0, 1, 255, 256, 300), "v"),
    *_sets(),
    Kind(
        "set, odd labels",
        "set('tab\t','it''s','back\\\\slash','\"quote\"','ü') character set utf8mb4",
        plain(0, 1, 2, 4, 8, 16, 31),
        "v",
    ),
    Kind("set latin1", "set('ä','€','b') character set latin1", plain(*range(8)), "v"),
    Kind("set, emoji", "set('🐬','plain','🪁') character set utf8mb4 collate utf8mb4_bin", plain(*range(8)), "v"),
)
